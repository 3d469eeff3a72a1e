import { expect, test } from 'vitest';
import { parseRetryAfter } from './attempt.ts';
import { afterAttempt } from './deliverer.ts';

const now = new Date('2026-03-14T12:00:00Z');
const refused = { status: 500, error: 'it answered 500', retryAfterMs: null };

/** Seconds until the next attempt; null: none follows. */
function pauseAfter(tries: number, outcome: Parameters<typeof afterAttempt>[1] = refused, random = 0): number | null {
  const after = afterAttempt(tries, outcome, { now, random });
  return after.state === 'pending' ? (after.nextAttemptAt.getTime() - now.getTime()) / 1000 : null;
}

test('a delivery is tried ten times within three days', () => {
  const hours = (count: number) => count * 3600;
  expect([1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((tries) => pauseAfter(tries))).toEqual([
    5,
    5 * 60,
    30 * 60,
    hours(2),
    hours(5),
    hours(10),
    hours(14),
    hours(20),
    hours(24),
    null,
  ]);
  expect(afterAttempt(10, refused, { now, random: 0 })).toEqual({ state: 'failed', endedAt: now });
});

test('pauses are up to a tenth longer, so that not everything is sent at once', () => {
  expect(pauseAfter(2, refused, 0.5)).toBe(315);
  expect(pauseAfter(2, refused, 1)).toBe(330);
});

test('an endpoint may ask for a longer pause, and not for a shorter one', () => {
  expect(pauseAfter(1, { ...refused, status: 429, retryAfterMs: 120_000 })).toBe(120);
  expect(pauseAfter(2, { ...refused, status: 503, retryAfterMs: 1000 })).toBe(300);
});

test('410 ends a delivery at once, and success does', () => {
  expect(afterAttempt(1, { ...refused, status: 410 }, { now, random: 0 })).toEqual({ state: 'failed', endedAt: now });
  const outcome = { status: 204, error: null, retryAfterMs: null };
  expect(afterAttempt(1, outcome, { now, random: 0 })).toEqual({ state: 'delivered', endedAt: now });
});

test.each([
  ['120', 120_000],
  ['0', 0],
  ['Sat, 14 Mar 2026 12:01:00 GMT', 60_000],
  ['Sat, 14 Mar 2026 11:00:00 GMT', 0],
  ['99999999999', 24 * 3_600_000],
  ['soon', null],
  ['-5', null],
  [undefined, null],
])('Retry-After %s is %s ms', (value, expected) => {
  expect(parseRetryAfter(value, now)).toBe(expected);
});
