import { SEED_MAX, SEED_RANDOM } from './limits.ts';

/** A random seed is drawn from 0 to this: the generator uses the low 32 bits only. */
export const RANDOM_SEED_MAX = 2 ** 32 - 1;

/** The generator takes more than requests may name, up to this. */
const GENERATOR_MAX = 2n ** 64n - 1n;

/** A random seed. */
export function drawSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
}

/** The seed of the first sample: the one that was asked for, or a random one where there is none or −1. */
export function firstSeed(asked: number | null | undefined): number {
  return asked === undefined || asked === null || asked === SEED_RANDOM ? drawSeed() : asked;
}

/**
 * The seed of sample `index` (0, 1, …) of a request: `seed + index`, going on at 0 past the largest seed. The sample equals
 * the single picture of that seed.
 *
 * @param seed drawn already where −1 was sent. One that only the generator takes, and no request, goes on to the generator's last
 * @example
 * seedOfSample(7, 2); // 9
 */
export function seedOfSample(seed: number, index: number): number;
export function seedOfSample(seed: bigint, index: number): bigint;
export function seedOfSample(seed: number | bigint, index: number): number | bigint {
  if (typeof seed === 'number') return Number(seedOfSample(BigInt(seed), index));
  const last = seed <= SEED_MAX ? BigInt(SEED_MAX) : GENERATOR_MAX;
  const next = seed + BigInt(index);
  return next > last ? next - last - 1n : next;
}

/** The seeds of all samples of a request. @param variationStrength above 0 they are variations of one seed */
export function seedsOfSamples(seed: number, samples: number, variationStrength = 0): [number, ...number[]] {
  const next = (index: number) => (variationStrength > 0 ? seed : seedOfSample(seed, index));
  return [seed, ...Array.from({ length: samples - 1 }, (_, index) => next(index + 1))];
}
