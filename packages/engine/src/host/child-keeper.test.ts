import { expect, test } from 'vitest';
import { EngineError } from '../errors.ts';
import { BackOff } from './child-keeper.ts';

test('each failure doubles the delay, up to half a minute, and a success ends it', () => {
  const backOff = new BackOff();
  expect(backOff.remainingMs).toBe(0);
  const delays = Array.from({ length: 9 }, () => {
    backOff.failed();
    return backOff.remainingMs;
  });
  const promised = [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000];
  for (const [i, ms] of promised.entries()) {
    expect(delays[i]).toBeLessThanOrEqual(ms);
    expect(delays[i]).toBeGreaterThan(ms * 0.5);
  }
  backOff.succeeded();
  expect(backOff.remainingMs).toBe(0);
});

test('the wait lasts as long as the delay', async () => {
  const backOff = new BackOff();
  backOff.failed();
  const since = performance.now();
  await backOff.wait(new AbortController().signal);
  expect(performance.now() - since).toBeGreaterThan(400);
  await backOff.wait(new AbortController().signal);
});

test('a signal ends the wait, with its own reason if that is an error of the engine', async () => {
  const backOff = new BackOff();
  backOff.failed();
  const controller = new AbortController();
  const waiting = backOff.wait(controller.signal);
  controller.abort();
  await expect(waiting).rejects.toMatchObject({ code: 'cancelled' });
  const closed = AbortSignal.abort(new EngineError('engine_closed', 'closed'));
  await expect(backOff.wait(closed)).rejects.toMatchObject({ code: 'engine_closed' });
});
