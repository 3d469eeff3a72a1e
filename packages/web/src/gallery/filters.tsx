import type { JobListQuery } from '@easel/contract';
import { type FormEvent, useEffect, useState } from 'react';
import { useModels } from '../session/session.tsx';

export interface FiltersProps {
  readonly filter: Filter;
  readonly onChange: (change: Partial<Filter>) => void;
}

/** The search form of the gallery. */
export function Filters({ filter, onChange }: FiltersProps) {
  const [draft, setDraft] = useState(filter);
  const address = JSON.stringify(filter);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the back button changes the search, too
  useEffect(() => setDraft(filter), [address]);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const { words, seed, size, model } = draft;
    onChange({ words: words.trim(), seed: seed.trim(), size: size.trim(), model });
  };
  return (
    <search>
      <form className="row wrap" onSubmit={submit}>
        <SearchFields draft={draft} onType={(part) => setDraft((before) => ({ ...before, ...part }))} />
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
          Completed only
        </label>
      </form>
    </search>
  );
}

interface SearchFieldsProps {
  readonly draft: Filter;
  readonly onType: (part: Partial<Filter>) => void;
}

function SearchFields({ draft, onType }: SearchFieldsProps) {
  return (
    <>
      <input
        type="search"
        aria-label="Search prompts"
        placeholder="Search prompts"
        dir="auto"
        value={draft.words}
        onChange={(event) => onType({ words: event.target.value })}
      />
      <input
        inputMode="numeric"
        aria-label="Seed"
        placeholder="Seed"
        title="A whole number, such as 1234"
        pattern={`\\s*${seedPattern}\\s*`}
        value={draft.seed}
        onChange={(event) => onType({ seed: event.target.value })}
        size={8}
      />
      <input
        aria-label="Size, such as 128x128"
        placeholder="128x128"
        title="Width x height, such as 256x144"
        pattern={`\\s*${sizePattern}\\s*`}
        value={draft.size}
        onChange={(event) => onType({ size: event.target.value })}
        size={8}
      />
      <ModelChoice chosen={draft.model} onChange={(model) => onType({ model })} />
    </>
  );
}

/** The models of the server, and the one in the address, which may no longer exist. */
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

/** A search in the gallery; empty texts are ignored. */
export interface Filter {
  readonly words: string;
  readonly seed: string;
  readonly size: string;
  readonly model: string;
  readonly favourite: boolean;
  /** Only jobs that have succeeded. */
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

/** The patterns of seeds and sizes, also for the `pattern` of the inputs. */
const seedPattern = '\\d{1,15}';
const sizePattern = '[1-9]\\d{1,3}\\s*[x×X]\\s*[1-9]\\d{1,3}';

/** Why the search is not valid; undefined if it is. */
export function faultOfFilter({ seed, size }: Filter): string | undefined {
  const has = (pattern: string, text: string) => text === '' || new RegExp(`^(?:${pattern})$`).test(text);
  if (!has(seedPattern, seed)) return `“${seed}” is not a seed. Enter a whole number, such as 1234.`;
  if (!has(sizePattern, size)) return `“${size}” is not a size. Enter width x height, such as 256x144.`;
  return undefined;
}

/** The filter as the query of an address. */
export function queryOf({ favourite, done, ...texts }: Filter): Record<string, string> {
  const given = Object.entries(texts).filter(([, text]) => text !== '');
  return { ...Object.fromEntries(given), ...(favourite && { favourite: '1' }), ...(done && { done: '1' }) };
}

/** The filter as a query of the API. */
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
