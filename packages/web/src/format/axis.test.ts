import { expect, test } from 'vitest';
import { ticksUpTo } from './axis.ts';

test.each([
  [0, true, [0, 1]],
  [1, true, [0, 1]],
  [7, true, [0, 2, 4, 6, 8]],
  [100, true, [0, 50, 100]],
  [0.000232, false, [0, 0.0001, 0.0002, 0.0003]],
  [1234, false, [0, 500, 1000, 1500]],
])('an axis up to %j (whole numbers: %j) has round numbers: %j', (most, isWhole, ticks) => {
  expect(ticksUpTo(most, isWhole)).toEqual(ticks);
});
