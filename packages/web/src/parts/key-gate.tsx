import { type FormEvent, type ReactNode, useCallback, useId, useState } from 'react';
import { sentence, useLoaded } from '../session/requests.ts';
import { useSession } from '../session/session.tsx';
import { Notice } from './notices.tsx';

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

const shape = /^SG_[0-9a-f]{16}$/;

export interface KeyFormProps {
  readonly label?: string;
  readonly onKey: (key: string) => void;
}

/** Takes a key for this tab; it is sent in a header and never part of an address. */
export function KeyForm({ label = 'API key', onKey }: KeyFormProps) {
  const [text, setText] = useState('');
  const [isWrong, setWrong] = useState(false);
  const id = useId();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const key = text.trim();
    setWrong(!shape.test(key));
    if (shape.test(key)) onKey(key);
  };
  return (
    <form onSubmit={submit} className="stack">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        type="password"
        autoComplete="current-password"
        spellCheck={false}
        placeholder="SG_…"
        value={text}
        onChange={(event) => setText(event.target.value)}
        aria-invalid={isWrong}
        aria-describedby={`${id}-help`}
      />
      <small id={`${id}-help`} className={isWrong ? 'wrong' : 'quiet'}>
        {isWrong ? 'A key is SG_ and 16 hexadecimal digits.' : 'It is kept until this tab is closed.'}
      </small>
      <button type="submit" className="primary">
        Use this key
      </button>
    </form>
  );
}
