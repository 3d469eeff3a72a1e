import { setImmediate as nextLoopTurn, setTimeout as sleep } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { defaultPassDeadlineMs, isWorthAsking, PassHistory, Watchdog } from './supervision.ts';

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

const MINUTE_MS = 60_000;
const square = (side: number) => side * side;

test('the first pass of a kind has 15 minutes, and more above a megapixel', () => {
  expect(defaultPassDeadlineMs(square(128), undefined)).toBe(15 * MINUTE_MS);
  expect(defaultPassDeadlineMs(square(1024), undefined)).toBe(15 * MINUTE_MS);
  expect(defaultPassDeadlineMs(square(2048), undefined)).toBe(60 * MINUTE_MS);
});

test('later passes have 20 times the slowest so far, at least a minute', () => {
  expect(defaultPassDeadlineMs(square(1024), 50)).toBe(MINUTE_MS);
  expect(defaultPassDeadlineMs(square(1024), 42_000)).toBe(840_000);
});

test('the history keeps the last and the slowest by kind and size, and texts have no size', () => {
  const passes = new PassHistory();
  expect(passes.lastMs('unet', square(512))).toBeUndefined();
  for (const ms of [300, 900, 500]) passes.record('unet', square(512), ms);
  passes.record('unet', square(1024), 4000);
  passes.record('text_encoder', square(512), 70);
  expect([passes.lastMs('unet', square(512)), passes.slowestMs('unet', square(512))]).toEqual([500, 900]);
  expect(passes.lastMs('unet', square(1024))).toBe(4000);
  expect(passes.lastMs('vae_decode', square(512))).toBeUndefined();
  expect(passes.lastMs('text_encoder', square(1024))).toBe(70);
});

test('it calls back once when the time is up', async () => {
  const watchdog = new Watchdog();
  let calls = 0;
  const since = performance.now();
  await new Promise<void>((resolve) => {
    watchdog.watch(80, () => {
      calls += 1;
      resolve();
    });
    // Its timer keeps no process alive, so something else must.
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
