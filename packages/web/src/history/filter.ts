import type { JobListQuery } from '@easel/contract';

/** What the history is searched for; empty texts do not count. */
export interface Filter {
  readonly words: string;
  readonly seed: string;
  readonly size: string;
  readonly model: string;
  readonly favourite: boolean;
}

export function filterOf(query: URLSearchParams): Filter {
  const text = (name: string) => query.get(name) ?? '';
  return {
    words: text('words'),
    seed: text('seed'),
    size: text('size'),
    model: text('model'),
    favourite: query.has('favourite'),
  };
}

/** The filter as part of an address. */
export function queryOf({ favourite, ...texts }: Filter): Record<string, string> {
  const given = Object.entries(texts).filter(([, text]) => text !== '');
  return { ...Object.fromEntries(given), ...(favourite && { favourite: '1' }) };
}

/** The filter as the server understands it. */
export function listQueryOf({ words, seed, size, model, favourite }: Filter): JobListQuery {
  return {
    ...(words !== '' && { q: words }),
    ...(/^\d+$/.test(seed) && { seed: Number(seed) }),
    ...(size !== '' && { size: size.replace('×', 'x') }),
    ...(model !== '' && { model }),
    ...(favourite && { favourite: true }),
  };
}
