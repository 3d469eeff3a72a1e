import fc from 'fast-check';
import { expect, test } from 'vitest';
import { profileNames } from '../limits.ts';
import { microToDecimal } from './micro-credits.ts';
import { defaultTariff, PIXELS_PER_MEGAPIXEL, priceOf } from './price.ts';

const picture = {
  model: 'playground-v2.5',
  samples: 1,
  steps: 25,
  width: 1024,
  height: 1024,
  profile: 'exact',
} as const;

test('a default picture costs 0.0037 credits exactly', () => {
  expect(microToDecimal(priceOf(picture, defaultTariff))).toBe('0.0037');
});

test.each([
  [{ samples: 4 }, 14_800n],
  [{ steps: 50 }, 7_400n],
  [{ steps: 100, samples: 4 }, 59_200n],
  [{ width: 512, height: 512 }, 925n],
  [{ width: 1536, height: 1024 }, 5_550n],
])('samples, steps and area each multiply it: %j', (change, price) => {
  expect(priceOf({ ...picture, ...change }, defaultTariff)).toBe(price);
});

test('an enlarged picture costs what its own pixels do', () => {
  expect(priceOf({ ...picture, width: 512, height: 512, upscale: 2 }, defaultTariff)).toBe(3700n);
  expect(priceOf({ ...picture, upscale: 4 }, defaultTariff)).toBe(16n * 3700n);
  expect(priceOf({ ...picture, upscale: null }, defaultTariff)).toBe(3700n);
});

test('a part of a micro-credit is a whole one, once for the whole request', () => {
  // 25 steps at 128×128 are 57.8125 micro-credits, and four samples 231.25.
  expect(priceOf({ ...picture, width: 128, height: 128 }, defaultTariff)).toBe(58n);
  expect(priceOf({ ...picture, width: 128, height: 128, samples: 4 }, defaultTariff)).toBe(232n);
});

test('each picture has a price of its own besides', () => {
  const tariff = { perStepMegapixel: '0.000148', perImage: '0.001' };
  expect(priceOf({ ...picture, samples: 2 }, tariff)).toBe(9_400n);
});

test('a model has the rates of its own, and those of all where it has none; the factor of a profile goes over both', () => {
  const models = { turbo: { perImage: '0.002' }, free: { perStepMegapixel: 0, perImage: 0 } };
  const tariff = { ...defaultTariff, models, profiles: { fast: '0.5' } };
  expect(priceOf(picture, tariff)).toBe(3700n);
  expect(priceOf({ ...picture, model: 'turbo' }, tariff)).toBe(5700n);
  expect(priceOf({ ...picture, model: 'turbo', profile: 'fast' }, tariff)).toBe(2850n);
  expect(priceOf({ ...picture, model: 'free' }, tariff)).toBe(0n);
  expect(priceOf({ ...picture, model: 'constructor' }, tariff)).toBe(3700n);
});

test('a tariff below a micro-credit counts, as text and as a number', () => {
  expect(priceOf(picture, { perStepMegapixel: '0.00000004', perImage: '0' })).toBe(1n);
  expect(priceOf(picture, { perStepMegapixel: 4e-8, perImage: 0 })).toBe(1n);
  expect(priceOf(picture, { perStepMegapixel: '0.00000004', perImage: '0.0000001' })).toBe(2n);
});

test('the factor of a profile multiplies the whole price, before it is rounded up once', () => {
  const tariff = { perStepMegapixel: '0.000148', perImage: '0.001', profiles: { int8: '0.5', fast: 0.125 } };
  expect(priceOf(picture, tariff)).toBe(4700n);
  expect(priceOf({ ...picture, profile: 'int8' }, tariff)).toBe(2350n);
  expect(priceOf({ ...picture, profile: 'fast' }, tariff)).toBe(588n);
  expect(priceOf({ ...picture, profile: 'fast' }, { ...tariff, profiles: { fast: '0' } })).toBe(0n);
  expect(priceOf({ ...picture, profile: 'fast' }, defaultTariff)).toBe(3700n);
});

test('nothing costs nothing', () => {
  expect(priceOf(picture, { perStepMegapixel: 0, perImage: 0 })).toBe(0n);
});

test('what is no whole number has no price', () => {
  expect(() => priceOf({ ...picture, steps: 2.5 }, defaultTariff)).toThrow(RangeError);
  expect(() => priceOf(picture, { perStepMegapixel: 'free', perImage: '0' })).toThrow(RangeError);
});

test('a price is the smallest whole number that is not below the exact one', () => {
  const side = fc.integer({ min: 8, max: 256 }).map((eights) => eights * 8);
  const work = fc.record({
    model: fc.constantFrom('playground-v2.5', 'other'),
    samples: fc.integer({ min: 1, max: 4 }),
    steps: fc.integer({ min: 1, max: 100 }),
    width: side,
    height: side,
    profile: fc.constantFrom(...profileNames),
  });
  const microTariff = fc.integer({ min: 0, max: 10_000 });
  fc.assert(
    fc.property(work, microTariff, microTariff, (asked, perStep, perImage) => {
      const tariff = { perStepMegapixel: microToDecimal(BigInt(perStep)), perImage: microToDecimal(BigInt(perImage)) };
      // In units of 2^-20 micro-credits, all whole and below 2^53.
      const { samples, steps, width, height } = asked;
      const exact = samples * (steps * width * height * perStep + PIXELS_PER_MEGAPIXEL * perImage);
      const price = Number(priceOf(asked, tariff));
      expect(price * PIXELS_PER_MEGAPIXEL).toBeGreaterThanOrEqual(exact);
      expect((price - 1) * PIXELS_PER_MEGAPIXEL).toBeLessThan(exact);
    }),
  );
});
