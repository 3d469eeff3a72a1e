import type { pageParts } from '@easel/contract';
import { type ComponentType, useCallback, useEffect, useState } from 'react';
import { KeyForm } from '../parts/key-gate.tsx';
import { LoadError, Notice } from '../parts/notices.tsx';
import { Tabs } from '../parts/tabs.tsx';
import { addressOf, useRoute } from '../router.ts';
import { useLoaded } from '../session/requests.ts';
import { useSession } from '../session/session.tsx';
import { AccountsSection } from './accounts-section.tsx';
import {
  type AdminAccess,
  AdminContext,
  accessWith,
  checkAccess,
  clearAccess,
  loadAccess,
  saveAccess,
} from './admin.tsx';
import { AuditSection } from './audit-section.tsx';
import { DownloadsSection } from './downloads-section.tsx';
import { JobsSection } from './jobs-section.tsx';
import { KeysSection } from './keys-section.tsx';
import { ModelsSection } from './models-section.tsx';
import { UsageSection } from './usage-section.tsx';
import { WebhooksSection } from './webhooks-section.tsx';
import { QueueSection, WorkersSection } from './workers-section.tsx';
import '../styles/console.css';

interface Part {
  readonly title: string;
  readonly sections: readonly ComponentType[];
}

/** By the last part of their addresses. */
const parts: Readonly<Record<'' | (typeof pageParts.console)[number], Part>> = {
  '': { title: 'Overview', sections: [QueueSection, WorkersSection] },
  jobs: { title: 'Jobs', sections: [JobsSection] },
  accounts: { title: 'Accounts', sections: [AccountsSection] },
  keys: { title: 'Keys', sections: [KeysSection] },
  usage: { title: 'Usage', sections: [UsageSection] },
  models: { title: 'Models', sections: [ModelsSection, DownloadsSection] },
  webhooks: { title: 'Webhooks', sections: [WebhooksSection] },
  audit: { title: 'Audit log', sections: [AuditSection] },
};

/** For administrators of the server. */
export function ConsoleView() {
  const { client } = useSession();
  const [access, setAccess] = useState<AdminAccess>(() => loadAccess(client));
  const ask = useCallback((signal: AbortSignal) => checkAccess(access, signal), [access]);
  const { reply: check, problem, retry } = useLoaded(ask);
  // A reply about another key does not count.
  const refusal = check?.access === access ? check.refusal : undefined;
  useEffect(() => {
    if (refusal === null) saveAccess(access);
    else if (refusal !== undefined) clearAccess();
  }, [refusal, access]);

  if (refusal === null) {
    const signOut = () => {
      clearAccess();
      setAccess(loadAccess(client));
    };
    return <Parts access={access} onSignOut={signOut} />;
  }
  if (refusal === undefined && problem === undefined) return <p className="quiet centred">Loading…</p>;
  return (
    <section className="card narrow stack">
      <h1>Console</h1>
      <p>
        Managing accounts, keys and the queue requires an admin key. The server printed one at first start. It is used
        for the console only.
      </p>
      {refusal === undefined ? (
        <LoadError problem={problem} retry={retry} />
      ) : (
        refusal !== '' && <Notice kind="error">{refusal}</Notice>
      )}
      <KeyForm
        label="Admin key"
        userName="Easel administrator"
        canRemember={false}
        onKey={(key) => setAccess(accessWith(key))}
      />
    </section>
  );
}

function Parts({ access, onSignOut }: { readonly access: AdminAccess; readonly onSignOut: () => void }) {
  const { part: current } = useRoute();
  const entries = Object.entries(parts);
  const sections = entries.find(([part]) => part === current)?.[1].sections ?? [];
  return (
    <AdminContext value={access}>
      <div className="stack console">
        <div className="row spread">
          <h1>Console</h1>
          {access.key !== null && (
            <button type="button" onClick={onSignOut}>
              Sign out as admin
            </button>
          )}
        </div>
        <Tabs
          label="Console"
          tabs={entries.map(([part, { title }]) => ({
            address: addressOf('console', {}, part),
            title,
            isCurrent: part === current,
          }))}
        />
        {sections.map((Shown) => (
          <Shown key={Shown.name} />
        ))}
      </div>
    </AdminContext>
  );
}
