import { expect, test } from 'vitest';
import { isWorthAsking } from './cancellation.ts';

test('between passes the child is asked to stop', () => {
  expect(isWorthAsking(undefined)).toBe(true);
});

test('a pass that should end within half a second is waited for, a longer one is not', () => {
  expect(isWorthAsking({ elapsedMs: 0, expectedMs: 450 })).toBe(true);
  expect(isWorthAsking({ elapsedMs: 0, expectedMs: 2000 })).toBe(false);
  expect(isWorthAsking({ elapsedMs: 1600, expectedMs: 2000 })).toBe(true);
});

test('a pass that is late, or whose length is unknown, gets the grace of the question', () => {
  expect(isWorthAsking({ elapsedMs: 2500, expectedMs: 2000 })).toBe(true);
  expect(isWorthAsking({ elapsedMs: 10, expectedMs: undefined })).toBe(true);
});
