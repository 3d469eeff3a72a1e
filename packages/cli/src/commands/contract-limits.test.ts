import { keyScopes as contractScopes, limits } from '@easel/contract';
import { expect, test } from 'vitest';
import { keyScopes, largestAmount, largestRate } from './contract-limits.ts';

test('the limits are those of the contract', () => {
  expect(keyScopes).toEqual(contractScopes);
  expect(limits.credits).toEqual({ min: 0, max: largestAmount });
  expect(limits.requestsPerMinute).toEqual({ min: 1, max: largestRate });
});
