import { setImmediate as nextLoopTurn, setTimeout as sleep } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { Watchdog } from './watchdog.ts';

test('it calls back once when the time is up', async () => {
  const watchdog = new Watchdog();
  let calls = 0;
  const since = performance.now();
  await new Promise<void>((resolve) => {
    watchdog.watch(80, () => {
      calls += 1;
      resolve();
    });
    // Its timer keeps nothing alive, so something else must.
    setTimeout(() => {}, 10_000)
      .unref()
      .ref();
  });
  expect(performance.now() - since).toBeGreaterThanOrEqual(79);
  await sleep(100);
  expect(calls).toBe(1);
});

test('watching something else starts over, and rest ends it', async () => {
  const watchdog = new Watchdog();
  const fired: string[] = [];
  watchdog.watch(50, () => fired.push('first'));
  watchdog.watch(60, () => fired.push('second'));
  await vi.waitUntil(() => fired.length > 0);
  watchdog.watch(50, () => fired.push('third'));
  watchdog.rest();
  await sleep(150);
  expect(fired).toEqual(['second']);
});

test('time in which the watching process stood still hardly counts', async () => {
  const watchdog = new Watchdog();
  let fired = false;
  watchdog.watch(1000, () => {
    fired = true;
  });
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1500);
  await sleep(0);
  await nextLoopTurn();
  expect(fired).toBe(false);
  watchdog.rest();
});
