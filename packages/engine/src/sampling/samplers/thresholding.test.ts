import fc from 'fast-check';
import { expect, test } from 'vitest';
import { threshold } from './sampler.ts';

test('values within ±1 stay, and the input too', () => {
  const latents = Float32Array.of(0.5, -1, 0, 0.25);
  expect(threshold(latents, { ratio: 1, sampleMaxValue: 10 })).toEqual(latents);
  threshold(latents, { ratio: 0, sampleMaxValue: 0.1 });
  expect(latents).toEqual(Float32Array.of(0.5, -1, 0, 0.25));
});

test('beyond the quantile values are clamped and all are divided by it', () => {
  // magnitudes 0 1 2 3 4: the 0.75 quantile is 3, the 0.625 quantile half-way between 2 and 3
  const latents = Float32Array.of(4, -3, 2, 0, -1);
  expect([...threshold(latents, { ratio: 0.75, sampleMaxValue: 10 })]).toEqual(
    [3, -3, 2, 0, -1].map((value) => Math.fround(value / 3)),
  );
  expect([...threshold(latents, { ratio: 0.625, sampleMaxValue: 10 })]).toEqual(
    [2.5, -2.5, 2, 0, -1].map((value) => Math.fround(value / 2.5)),
  );
});

test('the published sample_max_value of 1 is plain clamping to ±1', () => {
  const values = fc.array(fc.float({ min: -100, max: 100, noNaN: true }), { minLength: 1, maxLength: 50 });
  fc.assert(
    fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (latents, ratio) => {
      const expected = latents.map((value) => Math.max(-1, Math.min(1, value)));
      expect(threshold(Float32Array.from(latents), { ratio, sampleMaxValue: 1 })).toEqual(Float32Array.from(expected));
    }),
  );
});
