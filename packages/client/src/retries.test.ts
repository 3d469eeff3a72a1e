import { expect, test } from 'vitest';
import { EaselConnectionError, EaselError } from './errors.ts';
import { canRetry, pause, retryPause } from './retries.ts';

test('only requests that are safe to repeat are retried', () => {
  expect(canRetry({})).toBe(true);
  expect(canRetry({ method: 'DELETE' })).toBe(true);
  expect(canRetry({ method: 'POST' })).toBe(false);
  expect(canRetry({ method: 'POST', idempotencyKey: 'order 7' })).toBe(true);
});

test('the server decides the pause, and a pause that is too long means no retry', () => {
  const refusal = (status: number, retryAfter?: number) =>
    new EaselError('', { status, code: 'overloaded', ...(retryAfter !== undefined && { retryAfter }) });
  expect(retryPause(refusal(503, 2), 0)).toBe(2000);
  expect(retryPause(refusal(429, 31), 0)).toBeUndefined();
  expect(retryPause(refusal(400, 2), 0)).toBeUndefined();
  expect(retryPause(refusal(500), 0)).toBeUndefined();
});

test('without Retry-After the pauses grow', () => {
  const lost = new EaselConnectionError('http://h', undefined);
  for (const [attempt, longest] of [
    [0, 313],
    [1, 625],
    [2, 1250],
  ] as const) {
    const ms = retryPause(lost, attempt);
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
