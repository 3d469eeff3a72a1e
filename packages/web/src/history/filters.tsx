import type { JobListQuery } from '@easel/contract';
import { type FormEvent, useEffect, useState } from 'react';
import { useModels } from '../session/session.tsx';

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

/** What the history is searched for; empty texts do not count. */
export interface Filter {
  readonly words: string;
  readonly seed: string;
  readonly size: string;
  readonly model: string;
  readonly favourite: boolean;
  /** Only what has succeeded. */
  readonly done: boolean;
}

export function filterOf(query: URLSearchParams): Filter {
  const text = (name: string) => query.get(name) ?? '';
  return {
    words: text('words'),
    seed: text('seed'),
    size: text('size'),
    model: text('model'),
    favourite: query.has('favourite'),
    done: query.has('done'),
  };
}

/** What seeds and sizes look like; as the pattern of a field, too. */
export const seedPattern = '\\d{1,15}';
export const sizePattern = '[1-9]\\d{1,3}\\s*[x×X]\\s*[1-9]\\d{1,3}';

/** Why nothing can be searched for with it; undefined where it can. */
export function faultOfFilter({ seed, size }: Filter): string | undefined {
  const has = (pattern: string, text: string) => text === '' || new RegExp(`^(?:${pattern})$`).test(text);
  if (!has(seedPattern, seed)) return `“${seed}” is not a seed: a seed is a whole number, such as 1234.`;
  if (!has(sizePattern, size)) return `“${size}” is not a size: a size is two numbers, such as 256x144.`;
  return undefined;
}

/** The filter as part of an address. */
export function queryOf({ favourite, done, ...texts }: Filter): Record<string, string> {
  const given = Object.entries(texts).filter(([, text]) => text !== '');
  return { ...Object.fromEntries(given), ...(favourite && { favourite: '1' }), ...(done && { done: '1' }) };
}

/** The filter as the server understands it. */
export function listQueryOf({ words, seed, size, model, favourite, done }: Filter): JobListQuery {
  return {
    ...(words !== '' && { q: words }),
    ...(seed !== '' && { seed: Number(seed) }),
    ...(size !== '' && { size: size.replace(/\s*[×X]\s*/, 'x') }),
    ...(model !== '' && { model }),
    ...(favourite && { favourite: true }),
    ...(done && { status: 'succeeded' }),
  };
}
