import { type FormEvent, type ReactNode, useCallback, useId, useState } from 'react';
import { toSentence, useLoaded } from '../session/requests.ts';
import { useSession } from '../session/session.tsx';
import { Notice } from './notices.tsx';

export interface KeyGateProps {
  readonly children: ReactNode;
  /** Shown to who has no key, instead of the question for one. */
  readonly withoutKey?: ReactNode;
}

/** Shows its content once the server has accepted the key, and asks for another when it is refused. */
export function KeyGate({ children, withoutKey }: KeyGateProps) {
  const { client, hasOwnKey, refusal, signIn } = useSession();
  const ask = useCallback((signal: AbortSignal) => client.account.credits({ signal }), [client]);
  const { reply, problem, retry } = useLoaded(ask);

  if (refusal === undefined && reply !== undefined) return children;
  if (refusal === undefined && problem === undefined) return <p className="quiet centred">Loading…</p>;
  if (refusal !== undefined && withoutKey !== undefined) return withoutKey;
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
  /** What a password manager lists the key under. */
  readonly userName?: string;
  /** Whether the page may keep the key beyond this tab. */
  readonly canRemember?: boolean;
  readonly onKey: (key: string, options: { readonly isRemembered: boolean }) => void;
}

/** Asks for a key; it is sent in a header and never part of an address. Password managers take it for a password and can keep it. */
export function KeyForm({ label = 'API key', userName = 'Easel', canRemember = true, onKey }: KeyFormProps) {
  const [text, setText] = useState('');
  const [isRemembered, setRemembered] = useState(false);
  const [isInvalid, setInvalid] = useState(false);
  const id = useId();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const key = text.trim();
    setInvalid(!keyPattern.test(key));
    if (keyPattern.test(key)) onKey(key, { isRemembered });
  };
  const hint = isRemembered
    ? 'Kept in this browser until you choose “Forget key”. Not for shared devices.'
    : 'Kept until you close this tab.';
  return (
    <form onSubmit={submit} className="stack">
      {/* Without a name for it, password managers do not offer to save the key. */}
      <input
        className="visually-hidden"
        type="text"
        name="username"
        autoComplete="username"
        value={userName}
        readOnly
        tabIndex={-1}
        aria-hidden="true"
      />
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        type="password"
        name="password"
        autoComplete="current-password"
        spellCheck={false}
        placeholder="SG_…"
        value={text}
        onChange={(event) => setText(event.target.value)}
        aria-invalid={isInvalid}
        aria-describedby={`${id}-help`}
      />
      {canRemember && (
        <label className="row check">
          <input type="checkbox" checked={isRemembered} onChange={(event) => setRemembered(event.target.checked)} />
          Remember on this device
        </label>
      )}
      <small id={`${id}-help`} className={isInvalid ? 'wrong' : 'quiet'}>
        {isInvalid ? 'An API key is SG_ followed by 16 hexadecimal digits.' : hint}
      </small>
      <button type="submit" className="primary">
        Sign in
      </button>
    </form>
  );
}
