import type { Verdict } from './judge.ts';

/** Shares of right pictures, 0 to 1. */
export interface Figures {
  readonly object: number;
  readonly background: number;
  readonly style: number;
  /** Both objects right, and two of them. */
  readonly pairs: number;
  /** The object right, and as many as asked for. */
  readonly counts: number;
}

/** The share of right ones among those that are judged; 0 when there are none. */
export function share(verdicts: readonly (boolean | null)[]): number {
  const judged = verdicts.filter((verdict) => verdict !== null);
  return judged.length === 0 ? 0 : judged.filter(Boolean).length / judged.length;
}

/** @param several pairs first, then counts, as many of each */
export function figuresOf(single: readonly Verdict[], several: readonly Verdict[]): Figures {
  const complete = several.map(({ objects, kind }) => objects && kind);
  const pairs = Math.ceil(several.length / 2);
  return {
    object: share(single.map(({ objects }) => objects)),
    background: share(single.map(({ background }) => background)),
    style: share(single.map(({ style }) => style)),
    pairs: share(complete.slice(0, pairs)),
    counts: share(complete.slice(pairs)),
  };
}
