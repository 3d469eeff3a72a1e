import { useCallback, useEffect, useState } from 'react';
import { KeyForm } from '../parts/key-gate.tsx';
import { LoadError, Notice } from '../parts/notices.tsx';
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
import { DownloadsSection } from './downloads-section.tsx';
import { JobsSection } from './jobs-section.tsx';
import { KeysSection } from './keys-section.tsx';
import { ModelsSection, QueueSection } from './server-sections.tsx';
import { UsageSection } from './usage-section.tsx';
import { WebhooksSection } from './webhooks-section.tsx';

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
    return <Sections access={access} onSignOut={signOut} />;
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

function Sections({ access, onSignOut }: { readonly access: AdminAccess; readonly onSignOut: () => void }) {
  return (
    <AdminContext value={access}>
      <div className="stack">
        <div className="row spread">
          <h1>Console</h1>
          {access.key !== null && (
            <button type="button" onClick={onSignOut}>
              Sign out as admin
            </button>
          )}
        </div>
        <QueueSection />
        <AccountsSection />
        <KeysSection />
        <UsageSection />
        <ModelsSection />
        <DownloadsSection />
        <JobsSection />
        <WebhooksSection />
      </div>
    </AdminContext>
  );
}
