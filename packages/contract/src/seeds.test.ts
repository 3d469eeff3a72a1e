import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SEED_MAX } from './limits.ts';
import { seedOfSample } from './seeds.ts';

test('sample k has seed + k', () => {
  expect([0, 1, 2, 3].map((index) => seedOfSample(7, index))).toEqual([7, 8, 9, 10]);
});

test('past the largest seed it goes on at 0', () => {
  expect([0, 1, 2].map((index) => seedOfSample(SEED_MAX - 1, index))).toEqual([SEED_MAX - 1, SEED_MAX, 0]);
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
