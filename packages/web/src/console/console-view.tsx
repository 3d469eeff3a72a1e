import { useCallback, useEffect, useState } from 'react';
import { KeyForm } from '../parts/key-gate.tsx';
import { Notice, Trouble } from '../parts/notices.tsx';
import { useLoaded } from '../session/requests.ts';
import { useSession } from '../session/session.tsx';
import { AccountsSection } from './accounts-section.tsx';
import { type AdminAccess, AdminContext, accessWith, forget, keep, refusalOf, storedAccess } from './admin.tsx';
import { JobsSection } from './jobs-section.tsx';
import { KeysSection } from './keys-section.tsx';
import { ModelsSection, QueueSection } from './server-sections.tsx';
import { UsageSection } from './usage-section.tsx';

/** For whoever runs the server. */
export function ConsoleView() {
  const { client } = useSession();
  const [tried, setTried] = useState<AdminAccess>(() => storedAccess(client));
  const ask = useCallback((signal: AbortSignal) => refusalOf(tried, signal), [tried]);
  const { reply: answer, problem, again } = useLoaded(ask);
  // An answer about another key counts for nothing.
  const refusal = answer?.access === tried ? answer.refusal : undefined;
  useEffect(() => {
    if (refusal === null) keep(tried);
    else if (refusal !== undefined) forget();
  }, [refusal, tried]);

  if (refusal === null) {
    const leave = () => {
      forget();
      setTried(storedAccess(client));
    };
    return (
      <AdminContext value={tried}>
        <div className="stack">
          <div className="row spread">
            <h1>Console</h1>
            {tried.key !== null && (
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
  if (refusal === undefined && problem === undefined) return <p className="quiet centred">Loading…</p>;
  return (
    <section className="card narrow stack">
      <h1>Console</h1>
      <p>
        Accounts, keys and the queue are managed with an admin key. The server printed one at its first start. The rest
        of this page goes on with the key that it has.
      </p>
      {refusal === undefined ? (
        <Trouble problem={problem} again={again} />
      ) : (
        refusal !== '' && <Notice kind="error">{refusal}</Notice>
      )}
      <KeyForm label="Admin key" onKey={(key) => setTried(accessWith(key))} />
    </section>
  );
}
