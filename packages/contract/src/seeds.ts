import { SEED_MAX } from './limits.ts';

/** A random seed is drawn from 0 to this: the generator uses the low 32 bits only. */
export const RANDOM_SEED_MAX = 2 ** 32 - 1;

/**
 * The seed of sample `index` (0, 1, …) of a request: `seed + index`, going on at 0 past the largest seed. The sample equals
 * the single picture of that seed.
 *
 * @param seed 0 … SEED_MAX: already drawn where −1 was sent
 * @example
 * seedOfSample(7, 2); // 9
 */
export function seedOfSample(seed: number, index: number): number {
  return (seed + index) % (SEED_MAX + 1);
}
