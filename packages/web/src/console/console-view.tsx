import { EaselError } from '@easel/client';
import { useEffect, useState } from 'react';
import { KeyForm } from '../session/key-form.tsx';
import { useSession } from '../session/session.tsx';
import { AccountsSection } from './accounts-section.tsx';
import { JobsSection } from './jobs-section.tsx';
import { KeysSection } from './keys-section.tsx';
import { ModelsSection } from './models-section.tsx';
import { QueueSection } from './queue-section.tsx';
import { UsageSection } from './usage-section.tsx';

/** For whoever runs the server. */
export function ConsoleView() {
  const { client } = useSession();
  const [access, setAccess] = useState<'asking' | 'granted' | 'refused'>('asking');
  useEffect(() => {
    const leaving = new AbortController();
    setAccess('asking');
    client.admin.queue({ signal: leaving.signal }).then(
      () => setAccess('granted'),
      (error: unknown) => {
        if (!leaving.signal.aborted)
          setAccess(error instanceof EaselError && error.status < 500 ? 'refused' : 'granted');
      },
    );
    return () => leaving.abort();
  }, [client]);

  if (access === 'asking') return <p className="quiet centred">Opening…</p>;
  if (access === 'refused') {
    return (
      <section className="card narrow stack">
        <h1>Console</h1>
        <p>Accounts, keys and the queue are ruled with an admin key. The server printed one at its first start.</p>
        <KeyForm label="Admin key" />
      </section>
    );
  }
  return (
    <div className="stack">
      <h1>Console</h1>
      <QueueSection />
      <AccountsSection />
      <KeysSection />
      <UsageSection />
      <ModelsSection />
      <JobsSection />
    </div>
  );
}
