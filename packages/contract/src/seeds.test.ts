import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SEED_MAX } from './limits.ts';
import { firstSeed, RANDOM_SEED_MAX, seedOfSample, seedsOfSamples } from './seeds.ts';

test('sample k has seed + k', () => {
  expect([0, 1, 2, 3].map((index) => seedOfSample(7, index))).toEqual([7, 8, 9, 10]);
});

test('past the largest seed it goes on at 0', () => {
  expect([0, 1, 2].map((index) => seedOfSample(SEED_MAX - 1, index))).toEqual([SEED_MAX - 1, SEED_MAX, 0]);
});

test('variations of a picture all have its seed', () => {
  expect(seedsOfSamples(7, 3)).toEqual([7, 8, 9]);
  expect(seedsOfSamples(7, 3, 0.1)).toEqual([7, 7, 7]);
});

test('a seed that only the generator takes goes on to the last one there is', () => {
  expect(seedOfSample(BigInt(SEED_MAX), 1)).toBe(0n);
  expect(seedOfSample(BigInt(SEED_MAX) + 1n, 1)).toBe(BigInt(SEED_MAX) + 2n);
  expect(seedOfSample(2n ** 64n - 1n, 2)).toBe(1n);
  expect(seedOfSample(-3n, 1)).toBe(-2n);
});

test('a seed is drawn where there is none or −1, from 32 bits', () => {
  const drawn = Array.from({ length: 20 }, (_, index) => firstSeed([undefined, null, -1][index % 3]));
  expect(new Set(drawn).size).toBeGreaterThan(15);
  expect(drawn.every((seed) => Number.isInteger(seed) && seed >= 0 && seed <= RANDOM_SEED_MAX)).toBe(true);
  expect([0, 7, SEED_MAX].map(firstSeed)).toEqual([0, 7, SEED_MAX]);
});

test('the samples of a request have different seeds, all of them allowed', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (number) => {
      const seeds = [0, 1, 2, 3].map((index) => seedOfSample(number % (SEED_MAX + 1), index));
      expect(new Set(seeds).size).toBe(4);
      for (const seed of seeds) expect(Number.isInteger(seed) && seed >= 0 && seed <= SEED_MAX).toBe(true);
    }),
  );
});
