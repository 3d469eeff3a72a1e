import { type FormEvent, type ReactNode, useCallback, useId, useState } from 'react';
import { toSentence, useLoaded } from '../session/requests.ts';
import { useSession } from '../session/session.tsx';
import { Notice } from './notices.tsx';

/** Shows its content once the server has accepted the key, and asks for another when it is refused. */
export function KeyGate({ children }: { readonly children: ReactNode }) {
  const { client, hasOwnKey, refusal, signIn } = useSession();
  const ask = useCallback((signal: AbortSignal) => client.account.credits({ signal }), [client]);
  const { reply, problem, retry } = useLoaded(ask);

  if (refusal === undefined && reply !== undefined) return children;
  if (refusal === undefined && problem === undefined) return <p className="quiet centred">Loading…</p>;
  if (refusal !== undefined) {
    return (
      <section className="narrow card">
        <h1>Sign in</h1>
        <p>This server requires an API key. Paste the one it printed at first start, or one from your administrator.</p>
        {hasOwnKey && <Notice kind="error">{toSentence(refusal)}</Notice>}
        <KeyForm onKey={signIn} />
      </section>
    );
  }
  return (
    <section className="narrow card">
      <h1>Server unavailable</h1>
      <p role="alert">{problem}</p>
      <button type="button" className="primary" onClick={retry}>
        Retry
      </button>
      <details>
        <summary>Use another key</summary>
        <KeyForm onKey={signIn} />
      </details>
    </section>
  );
}

const keyPattern = /^SG_[0-9a-f]{16}$/;

export interface KeyFormProps {
  readonly label?: string;
  readonly onKey: (key: string) => void;
}

/** Asks for a key, to keep for this tab; it is sent in a header and never part of an address. */
export function KeyForm({ label = 'API key', onKey }: KeyFormProps) {
  const [text, setText] = useState('');
  const [isInvalid, setInvalid] = useState(false);
  const id = useId();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const key = text.trim();
    setInvalid(!keyPattern.test(key));
    if (keyPattern.test(key)) onKey(key);
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
        aria-invalid={isInvalid}
        aria-describedby={`${id}-help`}
      />
      <small id={`${id}-help`} className={isInvalid ? 'wrong' : 'quiet'}>
        {isInvalid ? 'An API key is SG_ followed by 16 hexadecimal digits.' : 'Kept until you close this tab.'}
      </small>
      <button type="submit" className="primary">
        Sign in
      </button>
    </form>
  );
}
