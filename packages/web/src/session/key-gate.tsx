import { EaselError } from '@easel/client';
import { type ReactNode, useEffect, useState } from 'react';
import { messageOf } from '../format/message-of.ts';
import { Notice } from '../parts/notice.tsx';
import { KeyForm } from './key-form.tsx';
import { useSession } from './session.tsx';

type State = 'asking' | 'open' | 'locked' | { readonly problem: string };

/** Shows what is inside once the server knows who is asking. */
export function KeyGate({ children }: { readonly children: ReactNode }) {
  const { client, hasOwnKey, enterKey, forgetKey } = useSession();
  const [state, setState] = useState<State>('asking');
  const [attempt, setAttempt] = useState(0);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `attempt` asks again
  useEffect(() => {
    const leaving = new AbortController();
    setState('asking');
    client.account.credits({ signal: leaving.signal }).then(
      () => setState('open'),
      (error: unknown) => {
        if (leaving.signal.aborted) return;
        const isRefused = error instanceof EaselError && (error.status === 401 || error.status === 403);
        setState(isRefused ? 'locked' : { problem: messageOf(error) });
      },
    );
    return () => leaving.abort();
  }, [client, attempt]);

  if (state === 'open') return children;
  if (state === 'asking') return <p className="quiet centred">Opening…</p>;
  if (state === 'locked') {
    return (
      <section className="narrow card">
        <h1>Your key</h1>
        <p>
          This server wants to know who asks for pictures. Paste the key that it printed at its first start, or one that
          its administrator gave you.
        </p>
        {hasOwnKey && <Notice kind="error">The server does not know this key. It may have been revoked.</Notice>}
        <KeyForm onKey={enterKey} />
      </section>
    );
  }
  return (
    <section className="narrow card">
      <h1>Nobody answers</h1>
      <p>{state.problem}</p>
      <p className="row">
        <button type="button" className="primary" onClick={() => setAttempt(attempt + 1)}>
          Try again
        </button>
        {hasOwnKey && (
          <button type="button" onClick={forgetKey}>
            Use another key
          </button>
        )}
      </p>
    </section>
  );
}
