import { expect, test } from 'vitest';
import { holdDeletion, type SweepTimes } from './deletion-hold.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const start = Date.UTC(2026, 0, 1);
const at = (ms: number) => new Date(start + ms);

/** Sweeps at these times, one after another. @returns which of them may delete */
function sweeps(...times: readonly number[]): boolean[] {
  let last: SweepTimes | null = null;
  return times.map((ms) => {
    last = holdDeletion(last, at(ms));
    return last.heldUntil <= at(ms);
  });
}

const everyMinute = (from: number, count: number) => Array.from({ length: count }, (_, index) => from + index * MINUTE);

test('sweeps that follow one another delete, also when one is a few minutes late', () => {
  expect(sweeps(0, MINUTE, 2 * MINUTE, 9 * MINUTE, 10 * MINUTE)).toEqual([true, true, true, true, true]);
});

test('after a jump of 40 days nothing is deleted for a day, and then what has had its time', () => {
  const jumped = 40 * DAY;
  const day = sweeps(0, ...everyMinute(jumped, 24 * 60 + 1));
  expect(day.slice(1, -1)).not.toContain(true);
  expect(day.at(-1)).toBe(true);
});

test('a clock that is put right again deletes by the right time at once', () => {
  expect(sweeps(0, 40 * DAY, 40 * DAY + MINUTE, 3 * MINUTE, 4 * MINUTE)).toEqual([true, false, false, true, true]);
});

test('a clock that went back and forth, and a night without a server, hold for as long as they seem to have taken', () => {
  expect(sweeps(0, -2 * HOUR, MINUTE, 2 * HOUR)).toEqual([true, true, false, false]);
  const night = sweeps(0, ...everyMinute(8 * HOUR, 8 * 60 + 1));
  expect(night.slice(1, -1)).not.toContain(true);
  expect(night.at(-1)).toBe(true);
});

test('a second jump within the hold does not shorten it, and two servers with clocks seconds apart agree', () => {
  expect(sweeps(0, 40 * DAY, 40 * DAY + HOUR, 40 * DAY + 3 * HOUR)).toEqual([true, false, false, false]);
  expect(sweeps(0, 40 * DAY, 40 * DAY - 3000, 40 * DAY + MINUTE)).toEqual([true, false, false, false]);
});
