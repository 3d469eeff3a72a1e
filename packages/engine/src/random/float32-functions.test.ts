import fc from 'fast-check';
import { expect, test } from 'vitest';
import { logFloat32, sineAndCosineFloat32 } from './float32-functions.ts';

// Double precision is the slow, obvious version: these polynomials are good to about two units in the last place of float32.
const ULP = 2 ** -23;

test('ln x is within two units in the last place over all that 1 − uniform can be', () => {
  const uniform = fc.integer({ min: 1, max: 2 ** 24 }).map((i) => i * 2 ** -24);
  fc.assert(
    fc.property(uniform, (x) => {
      const exact = Math.log(x);
      expect(Math.abs(logFloat32(x) - exact)).toBeLessThanOrEqual(2 * ULP * Math.abs(exact));
    }),
    { numRuns: 2000 },
  );
  expect(logFloat32(1)).toBeCloseTo(0, 30);
});

test('sine and cosine are within two units in the last place of 1 over the whole circle', () => {
  const angle = fc.integer({ min: 0, max: 2 ** 24 }).map((i) => Math.fround(2 * Math.PI * i * 2 ** -24));
  fc.assert(
    fc.property(angle, (x) => {
      const { sine, cosine } = sineAndCosineFloat32(x);
      expect(Math.abs(sine - Math.sin(x))).toBeLessThanOrEqual(2 * ULP);
      expect(Math.abs(cosine - Math.cos(x))).toBeLessThanOrEqual(2 * ULP);
    }),
    { numRuns: 2000 },
  );
});
