import { type FormEvent, useEffect, useState } from 'react';
import { useSession } from '../session/session.tsx';
import type { Filter } from './filter.ts';

/** What the history is searched for. */
export function Filters({
  filter,
  onChange,
}: {
  readonly filter: Filter;
  readonly onChange: (change: Partial<Filter>) => void;
}) {
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    const text = (name: string) => String(data.get(name) ?? '').trim();
    onChange({ words: text('words'), seed: text('seed'), size: text('size'), model: text('model') });
  };
  return (
    <search>
      <form className="row wrap" onSubmit={submit} key={JSON.stringify(filter)}>
        <input
          name="words"
          type="search"
          aria-label="Words of the prompt"
          placeholder="Words of the prompt"
          defaultValue={filter.words}
        />
        <input
          name="seed"
          inputMode="numeric"
          aria-label="Seed"
          placeholder="Seed"
          defaultValue={filter.seed}
          size={8}
        />
        <input
          name="size"
          aria-label="Size, such as 128x128"
          placeholder="128x128"
          pattern="\d+x\d+"
          defaultValue={filter.size}
          size={8}
        />
        <ModelChoice chosen={filter.model} />
        <button type="submit">Search</button>
        <label className="row check">
          <input
            type="checkbox"
            checked={filter.favourite}
            onChange={(event) => onChange({ favourite: event.target.checked })}
          />
          Favourites
        </label>
      </form>
    </search>
  );
}

/** The models there are, and the one in the address, which may be gone. */
function ModelChoice({ chosen }: { readonly chosen: string }) {
  const { client } = useSession();
  const [present, setPresent] = useState<readonly string[]>([]);
  useEffect(() => {
    const leaving = new AbortController();
    client.models({ signal: leaving.signal }).then(
      ({ models }) => setPresent(models.map(({ id }) => id)),
      () => {}, // any model can be searched for without it
    );
    return () => leaving.abort();
  }, [client]);
  const names = new Set(chosen === '' ? present : [...present, chosen]);
  return (
    <select name="model" aria-label="Model" key={names.size} defaultValue={chosen}>
      <option value="">Any model</option>
      {[...names].map((name) => (
        <option key={name}>{name}</option>
      ))}
    </select>
  );
}
