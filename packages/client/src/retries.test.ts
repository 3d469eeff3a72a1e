import { expect, test } from 'vitest';
import { EaselConnectionError, EaselError } from './errors.ts';
import { mayBeSentAgain, pause, pauseBefore } from './retries.ts';

test('only what cannot happen twice is sent again', () => {
  expect(mayBeSentAgain({})).toBe(true);
  expect(mayBeSentAgain({ method: 'DELETE' })).toBe(true);
  expect(mayBeSentAgain({ method: 'POST' })).toBe(false);
  expect(mayBeSentAgain({ method: 'POST', idempotencyKey: 'order 7' })).toBe(true);
});

test('the server says how long to wait, and a wait too long is none', () => {
  const refusal = (status: number, retryAfter?: number) =>
    new EaselError('', { status, code: 'overloaded', ...(retryAfter !== undefined && { retryAfter }) });
  expect(pauseBefore(refusal(503, 2), 0)).toBe(2000);
  expect(pauseBefore(refusal(429, 31), 0)).toBeUndefined();
  expect(pauseBefore(refusal(400, 2), 0)).toBeUndefined();
  expect(pauseBefore(refusal(500), 0)).toBeUndefined();
});

test('without a word of the server, pauses grow', () => {
  const lost = new EaselConnectionError('http://h', undefined);
  for (const [attempt, longest] of [
    [0, 313],
    [1, 625],
    [2, 1250],
  ] as const) {
    const ms = pauseBefore(lost, attempt);
    expect(ms).toBeGreaterThanOrEqual(longest * 0.6 - 1);
    expect(ms).toBeLessThanOrEqual(longest);
  }
});

test('an abort ends a pause, before it and in it, with its reason', async () => {
  const reason = new Error('enough');
  await expect(pause(600_000, AbortSignal.abort(reason))).rejects.toBe(reason);
  const leaving = new AbortController();
  const waiting = pause(600_000, leaving.signal);
  leaving.abort(reason);
  await expect(waiting).rejects.toBe(reason);
  await expect(pause(0, new AbortController().signal)).resolves.toBeUndefined();
});
