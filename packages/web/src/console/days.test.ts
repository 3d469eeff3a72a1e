import { expect, test } from 'vitest';
import { daysFrom } from './days.ts';

test('every day is there once, over ends of months, leap days and changes of the clock', () => {
  expect(daysFrom('2028-02-28', '2028-03-01')).toEqual(['2028-02-28', '2028-02-29', '2028-03-01']);
  expect(daysFrom('2026-10-20', '2026-11-18')).toHaveLength(30);
  expect(new Set(daysFrom('2026-03-01', '2026-04-30')).size).toBe(61);
  expect(daysFrom('2026-03-02', '2026-03-01')).toEqual([]);
});
