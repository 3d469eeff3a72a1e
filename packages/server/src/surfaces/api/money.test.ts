import { expect, test } from 'vitest';
import { usageDays } from './money.ts';

const now = new Date('2026-03-01T23:59:59.999Z');

test('without a query the thirty days that end today', () => {
  const { from, to, start, end } = usageDays({}, now);
  expect([from, to]).toEqual(['2026-01-31', '2026-03-01']);
  expect([start.toISOString(), end.toISOString()]).toEqual(['2026-01-31T00:00:00.000Z', '2026-03-02T00:00:00.000Z']);
});

test('the last day of a query is one of its days', () => {
  const { start, end } = usageDays({ from: '2024-02-28', to: '2024-02-29' }, now);
  expect([start.toISOString(), end.toISOString()]).toEqual(['2024-02-28T00:00:00.000Z', '2024-03-01T00:00:00.000Z']);
});
