import { expect, test } from 'vitest';
import { dueMonths, nextRefill } from './refill-plan.ts';

const at = (time: string) => new Date(`${time}Z`);
const since = at('2026-01-10T12:00');

test.each([
  { what: 'its day has not come', day: 15, now: '2026-01-14T23:59:59', due: [] },
  { what: 'its day has come', day: 15, now: '2026-01-15T00:00', due: ['2026-01'] },
  { what: 'it was set today', day: 10, now: '2026-01-10T12:00', due: ['2026-01'] },
  { what: 'its day was before it was set', day: 9, now: '2026-01-31T00:00', due: [] },
  { what: 'the month is too short for its day', day: 31, now: '2026-02-28T00:00', due: ['2026-01', '2026-02'] },
  { what: 'February of a leap year', day: 30, now: '2028-02-29T00:00', due: ['2028-01', '2028-02'] },
  { what: 'no server ran on its day', day: 20, now: '2026-02-03T00:00', due: ['2026-01'] },
  { what: 'no server ran for a year', day: 20, now: '2027-03-03T00:00', due: ['2027-02'] },
])('a refill is due, or not: $what', ({ day, now, due }) => {
  expect(dueMonths({ day, since }, [], at(now))).toEqual(due);
});

test('a month that is done is not due again, whatever the clock says later', () => {
  const done = ['2026-02', '2026-05'];
  expect(dueMonths({ day: 1, since }, done, at('2026-02-20T00:00'))).toEqual([]);
  expect(dueMonths({ day: 1, since }, done, at('2026-03-01T00:00'))).toEqual(['2026-03']);
  expect(dueMonths({ day: 1, since }, [...done, '2026-04'], at('2026-05-01T00:00'))).toEqual([]);
});

test('the next refill is the first day that counts and is not done', () => {
  expect(nextRefill({ day: 31, since }, [], at('2026-01-12T00:00'))).toEqual(at('2026-01-31T00:00'));
  expect(nextRefill({ day: 31, since }, ['2026-01'], at('2026-01-31T00:00'))).toEqual(at('2026-02-28T00:00'));
  expect(nextRefill({ day: 1, since }, [], at('2026-01-12T00:00'))).toEqual(at('2026-02-01T00:00'));
});
