import { randomInt } from 'node:crypto';

/** The largest seed that a request may name; the next sample after it has seed 0. */
export const largestSeed = 999_999_999_999_999;

/**
 * One seed per sample: sample k has `seed` + k, so that it is the picture of a run of its own with that seed. Without a seed, or with
 * −1, one is drawn from 0 … 2^32 − 1 (the generator uses the low 32 bits of a seed).
 */
export function sampleSeeds(seed: number | undefined, samples: number): [number, ...number[]] {
  const first = seed === undefined || seed === -1 ? randomInt(2 ** 32) : seed;
  const others = Array.from({ length: samples - 1 }, (_, index) => (first + index + 1) % (largestSeed + 1));
  return [first, ...others];
}
