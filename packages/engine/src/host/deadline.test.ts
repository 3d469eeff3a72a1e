import { expect, test } from 'vitest';
import { defaultPassDeadlineMs } from './deadline.ts';
import { PassHistory } from './pass-history.ts';

const minuteMs = 60_000;
const square = (side: number) => side * side;

test('the first pass of a kind has 15 minutes, and more above a megapixel', () => {
  expect(defaultPassDeadlineMs(square(128), undefined)).toBe(15 * minuteMs);
  expect(defaultPassDeadlineMs(square(1024), undefined)).toBe(15 * minuteMs);
  expect(defaultPassDeadlineMs(square(2048), undefined)).toBe(60 * minuteMs);
});

test('later passes have 20 times the slowest so far, at least a minute', () => {
  expect(defaultPassDeadlineMs(square(1024), 50)).toBe(minuteMs);
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
