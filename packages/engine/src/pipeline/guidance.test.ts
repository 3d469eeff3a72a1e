import { expect, test } from 'vitest';
import { guide } from './guidance.ts';

const unconditional = Float32Array.of(0.5, -1, 2, 0.25);
const conditional = Float32Array.of(1, -0.5, 1.5, 0);

test('guidance goes from the unconditional to the conditional and scale times as far', () => {
  expect([...guide(unconditional, conditional, 3)]).toEqual([2, 0.5, 0.5, -0.5]);
  expect([...guide(unconditional, conditional, 1)]).toEqual([...conditional]);
  expect([...guide(unconditional, conditional, 0)]).toEqual([...unconditional]);
});

test('full rescale gives the guided prediction the spread of the conditional one', () => {
  const spread = (values: Float32Array) => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
  };
  expect(spread(guide(unconditional, conditional, 7.5, 1))).toBeCloseTo(spread(conditional), 5);
  expect(spread(guide(unconditional, conditional, 7.5, 0.7))).toBeGreaterThan(spread(conditional));
});
