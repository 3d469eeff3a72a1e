import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fitAffine } from './least-squares.ts';

const coefficient = fc.double({ min: -10, max: 10, noNaN: true });

test('an exact affine relation is found again', () => {
  fc.assert(
    fc.property(fc.array(coefficient, { minLength: 3, maxLength: 3 }), (weights) => {
      const inputs = Array.from({ length: 30 }, (_, k) => [Math.sin(k), Math.cos(3 * k), 1]);
      const targets = inputs.map((input) => input.reduce((sum, value, i) => sum + value * weights[i], 0));
      fitAffine(inputs, targets).forEach((value, i) => {
        expect(value).toBeCloseTo(weights[i], 3);
      });
    }),
  );
});

test('an input that never changes does not break the fit', () => {
  const fitted = fitAffine(
    [0, 1, 2, 3].map((x) => [x, 0, 1]),
    [1, 3, 5, 7],
  );
  expect(fitted[0]).toBeCloseTo(2, 3);
  expect(fitted[1]).toBe(0);
});
