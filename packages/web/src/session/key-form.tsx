import { type FormEvent, useId, useState } from 'react';

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
