import { type FormEvent, useEffect, useState } from 'react';
import { useModels } from '../session/models.tsx';
import { type Filter, seedPattern, sizePattern } from './filter.ts';

/** What the history is searched for. */
export function Filters({
  filter,
  onChange,
}: {
  readonly filter: Filter;
  readonly onChange: (change: Partial<Filter>) => void;
}) {
  const [draft, setDraft] = useState(filter);
  const address = JSON.stringify(filter);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the back button changes the search, too
  useEffect(() => setDraft(filter), [address]);
  const type = (part: Partial<Filter>) => setDraft((before) => ({ ...before, ...part }));
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const { words, seed, size, model } = draft;
    onChange({ words: words.trim(), seed: seed.trim(), size: size.trim(), model });
  };
  return (
    <search>
      <form className="row wrap" onSubmit={submit}>
        <input
          type="search"
          aria-label="Words of the prompt"
          placeholder="Words of the prompt"
          dir="auto"
          value={draft.words}
          onChange={(event) => type({ words: event.target.value })}
        />
        <input
          inputMode="numeric"
          aria-label="Seed"
          placeholder="Seed"
          title="A whole number, such as 1234"
          pattern={`\\s*${seedPattern}\\s*`}
          value={draft.seed}
          onChange={(event) => type({ seed: event.target.value })}
          size={8}
        />
        <input
          aria-label="Size, such as 128x128"
          placeholder="128x128"
          title="Two numbers, such as 256x144"
          pattern={`\\s*${sizePattern}\\s*`}
          value={draft.size}
          onChange={(event) => type({ size: event.target.value })}
          size={8}
        />
        <ModelChoice chosen={draft.model} onChange={(model) => type({ model })} />
        <button type="submit">Search</button>
        <label className="row check">
          <input
            type="checkbox"
            checked={filter.favourite}
            onChange={(event) => onChange({ favourite: event.target.checked })}
          />
          Favourites
        </label>
        <label className="row check">
          <input type="checkbox" checked={filter.done} onChange={(event) => onChange({ done: event.target.checked })} />
          Only finished
        </label>
      </form>
    </search>
  );
}

/** The models there are, and the one in the address, which may be gone. */
function ModelChoice({ chosen, onChange }: { readonly chosen: string; readonly onChange: (model: string) => void }) {
  const { reply: models = [] } = useModels();
  const names = new Set([...models.map(({ id }) => id), ...(chosen === '' ? [] : [chosen])]);
  return (
    <select aria-label="Model" value={chosen} onChange={(event) => onChange(event.target.value)}>
      <option value="">Any model</option>
      {[...names].map((name) => (
        <option key={name}>{name}</option>
      ))}
    </select>
  );
}
