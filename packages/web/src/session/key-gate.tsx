import { type ReactNode, useCallback } from 'react';
import { sentence } from '../format/message-of.ts';
import { Notice } from '../parts/notice.tsx';
import { KeyForm } from './key-form.tsx';
import { useSession } from './session.tsx';
import { useLoaded } from './use-loaded.ts';

/** Shows what is inside once the server knows who is asking, and asks for a key when it no longer does. */
export function KeyGate({ children }: { readonly children: ReactNode }) {
  const { client, hasOwnKey, refusal, enterKey } = useSession();
  const ask = useCallback((signal: AbortSignal) => client.account.credits({ signal }), [client]);
  const { reply, problem, again } = useLoaded(ask);

  if (refusal === undefined && reply !== undefined) return children;
  if (refusal === undefined && problem === undefined) return <p className="quiet centred">Loading…</p>;
  if (refusal !== undefined) {
    return (
      <section className="narrow card">
        <h1>Your key</h1>
        <p>
          This server needs a key. Paste the one that it printed at its first start, or one that its administrator gave
          you.
        </p>
        {hasOwnKey && <Notice kind="error">{sentence(refusal)}</Notice>}
        <KeyForm onKey={enterKey} />
      </section>
    );
  }
  return (
    <section className="narrow card">
      <h1>The page cannot open yet</h1>
      <p role="alert">{problem}</p>
      <button type="button" className="primary" onClick={again}>
        Try again
      </button>
      <details>
        <summary>Use another key</summary>
        <KeyForm onKey={enterKey} />
      </details>
    </section>
  );
}
