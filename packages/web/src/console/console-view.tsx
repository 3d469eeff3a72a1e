import { useEffect, useState } from 'react';
import { messageOf } from '../format/message-of.ts';
import { Notice } from '../parts/notice.tsx';
import { KeyForm } from '../session/key-form.tsx';
import { useSession } from '../session/session.tsx';
import { AccountsSection } from './accounts-section.tsx';
import { type AdminAccess, AdminContext, accessWith, forget, keep, refusalOf, storedAccess } from './admin-access.tsx';
import { JobsSection } from './jobs-section.tsx';
import { KeysSection } from './keys-section.tsx';
import { ModelsSection } from './models-section.tsx';
import { QueueSection } from './queue-section.tsx';
import { UsageSection } from './usage-section.tsx';

/** For whoever runs the server. */
export function ConsoleView() {
  const { client } = useSession();
  const [tried, setTried] = useState<AdminAccess>(() => storedAccess(client));
  const [granted, setGranted] = useState<AdminAccess>();
  const [refusal, setRefusal] = useState<string>();

  useEffect(() => {
    const leaving = new AbortController();
    refusalOf(tried, leaving.signal).then(
      (refused) => {
        if (refused === null) keep(tried);
        else forget();
        setGranted(refused === null ? tried : undefined);
        setRefusal(refused ?? undefined);
      },
      (error: unknown) => {
        if (!leaving.signal.aborted) setRefusal(messageOf(error));
      },
    );
    return () => leaving.abort();
  }, [tried]);

  if (granted !== undefined) {
    const leave = () => {
      forget();
      setGranted(undefined);
      setTried(storedAccess(client));
    };
    return (
      <AdminContext value={granted}>
        <div className="stack">
          <div className="row spread">
            <h1>Console</h1>
            {granted.key !== null && (
              <button type="button" onClick={leave}>
                Forget the admin key
              </button>
            )}
          </div>
          <QueueSection />
          <AccountsSection />
          <KeysSection />
          <UsageSection />
          <ModelsSection />
          <JobsSection />
        </div>
      </AdminContext>
    );
  }
  if (refusal === undefined) return <p className="quiet centred">Opening…</p>;
  return (
    <section className="card narrow stack">
      <h1>Console</h1>
      <p>
        Accounts, keys and the queue are ruled with an admin key. The server printed one at its first start. The rest of
        this page goes on with the key that it has.
      </p>
      {refusal !== '' && (
        <Notice kind="error">
          {refusal}{' '}
          <button type="button" onClick={() => setTried(storedAccess(client))}>
            Try again
          </button>
        </Notice>
      )}
      <KeyForm label="Admin key" onKey={(key) => setTried(accessWith(key))} />
    </section>
  );
}
