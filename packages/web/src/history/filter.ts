import type { JobListQuery } from '@easel/contract';

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
