import type { PictureEstimate } from '@easel/engine';
import { expect, test } from 'vitest';
import { fixedPart, pictureTimes, sizeToMeasure, tellFaster, tellTimes } from './doctor-pass.ts';

const cpu = { name: 'cpu', title: 'CPU' };

/** The arithmetic grows with the pixels; `int8` is twice as fast, and `fast` has half its passes. */
function estimateOf(side: number, secondsAStep: number): PictureEstimate {
  const share = (side / 1024) ** 2;
  const parts = (factor: number, passes: number) => {
    const step = secondsAStep * share * factor;
    return { texts: 1, step, steps: 50 * step * passes, decode: 30 * share * factor };
  };
  const all = { exact: parts(1, 1), int8: parts(0.5, 1), fast: parts(0.5, 0.5) };
  const total = ({ texts, steps, decode }: typeof all.exact) => texts + steps + decode;
  const seconds = { exact: total(all.exact), int8: total(all.int8), fast: total(all.fast) };
  return { width: side, height: side, steps: 50, parts: all, seconds };
}

test.each([
  [2, 1024],
  [40, 512],
  [400, 256],
  [4000, 256],
])(
  'with %i s a step the pass is measured at %i, so that it takes a minute at most where it can',
  async (seconds, side) => {
    const chosen = await sizeToMeasure(estimateOf(1024, seconds), async ({ width }) => estimateOf(width, seconds));
    expect([chosen.width, chosen.height]).toEqual([side, side]);
  },
);

test('the size of a model of small pictures is not reduced', async () => {
  const own = { ...estimateOf(128, 40_000), width: 128, height: 128 };
  expect(await sizeToMeasure(own, async () => estimateOf(64, 1))).toBe(own);
});

const native = estimateOf(1024, 20);
const small = estimateOf(512, 20);
const measured = {
  size: { width: 512, height: 512 },
  parts: {
    exact: { encodeMs: 500, stepMs: 6000, decodeMs: 8000 },
    int8: { encodeMs: 400, stepMs: 2000, decodeMs: 5000 },
  },
};
const conditions = { model: 'my-model', native, measured, device: cpu };

test('times are what was measured, scaled by the arithmetic of each part, with the passes of each profile', () => {
  const times = pictureTimes(measured, native, small);
  expect(times.stepMs).toEqual({ exact: 24_000, int8: 8000, fast: 8000 });
  expect(times.ms.exact).toBeCloseTo(500 + 50 * 24_000 + 4 * 8000, 6);
  expect(times.ms.int8).toBeCloseTo(400 + 50 * 8000 + 4 * 5000, 6);
  expect(times.ms.fast).toBeCloseTo(400 + 25 * 8000 + 4 * 5000, 6);
  const { detail, values } = tellTimes(conditions, times);
  expect(detail).toBe(
    'my-model on CPU (cpu), 1024×1024, 50 steps: exact about 20:33 min (24 s a step), int8 about 7:00 min (8.0 s a step), ' +
      'fast about 3:40 min or less (8.0 s a step); measured at 512×512 and half of that, and scaled by the arithmetic of its networks',
  );
  expect(values).toMatchObject({
    device: 'cpu',
    width: 1024,
    measuredWidth: 512,
    exactStepMs: 24_000,
    measured: 'exact, int8',
  });
});

test('what does not grow with the picture is not scaled', () => {
  expect(fixedPart([4, 10], [1, 4])).toBe(2); // 2 + 2 · arithmetic
  expect([fixedPart([1, 8], [1, 4]), fixedPart([4, 3], [1, 4])]).toEqual([0, 4]); // it is not below nothing, nor above all
  const { exact } = measured.parts;
  const fixed = { ...measured, parts: { exact: { ...exact, fixedMs: 2000 } } };
  const { stepMs, ms } = pictureTimes(fixed, native, small);
  expect(stepMs.exact).toBe(2000 + 4 * 4000);
  expect(ms.exact).toBeCloseTo(500 + 50 * 18_000 + 4 * 8000, 6);
  expect(stepMs.int8).toBe(9000);
});

test('what was measured beside busy programs says so', () => {
  const times = pictureTimes(measured, native, small);
  const { detail, values } = tellTimes({ ...conditions, load: 3 }, times);
  expect(detail).toMatch(
    /; the machine was busy \(load 3\.0\), so it is faster than this: run doctor again when it is idle$/,
  );
  expect(values).toMatchObject({ load: 3 });
});

test('what was measured at the native size is not scaled', () => {
  const own = { ...measured, size: { width: 1024, height: 1024 } };
  const times = pictureTimes(own, native, native);
  expect(times.ms.exact).toBeCloseTo(500 + 50 * 6000 + 8000, 6);
  expect(tellTimes({ ...conditions, measured: own }, times).detail).toMatch(/; measured at this size$/);
});

test('without weights in 8 bits int8 and fast are estimates, as much off as exact was, and what makes the file is told', () => {
  const { exact } = measured.parts;
  const only = { ...conditions, measured: { ...measured, parts: { exact } } };
  const times = pictureTimes(only.measured, native, small);
  expect(times.ms.int8 / 1000).toBeCloseTo(native.seconds.int8 * 1.2, 6); // a step of 5 s took 6
  expect(tellTimes(only, times).detail).toContain('int8 about 10:19 min (12 s a step by estimate)');
  const { detail } = tellFaster(only, times, { weights: 3.5e9, freeBytes: 2e9 });
  expect(detail).toContain(
    'easel model quantize my-model (a file of about 3.50 GB, 2.00 GB are free) for int8 and fast',
  );
  expect(detail).toContain('a graphics card');
});

test('a graphics card has no int8, and is not told to get one', () => {
  const { exact } = measured.parts;
  const own = {
    ...conditions,
    device: { name: 'webgpu', title: 'WebGPU' },
    measured: { size: native, parts: { exact } },
  };
  const times = pictureTimes(own.measured, native, native);
  expect(tellTimes(own, times).detail).not.toContain('int8');
  expect(tellFaster(own, times, { weights: 1e9, freeBytes: undefined }).detail).toBe(
    'fewer --steps, or a model made for few (easel list --available)',
  );
});

test('where decoding is a large part of the picture, the tiny decoder is told of', () => {
  const parts = { texts: 1, step: 2, steps: 8, decode: 10 };
  const few = { ...native, steps: 4, parts: { exact: parts, int8: parts, fast: parts } };
  const times = pictureTimes(measured, few, few);
  expect(tellFaster({ ...conditions, native: few }, times, { weights: 1, freeBytes: 1 }).detail).toMatch(
    /--taesd FILE: the VAE's decoder takes 56 % of a picture in fast; a graphics card/,
  );
});
