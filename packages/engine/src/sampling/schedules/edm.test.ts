import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { floatsOf, maxAbsDifference, readFixture } from '../../../test/fixtures.ts';
import { type EdmNoise, type EdmTraits, edmLevels, noiseCondition } from './edm.ts';

const playground: EdmNoise = {
  kind: 'edm',
  sigmaMin: 0.002,
  sigmaMax: 80,
  sigmaData: 0.5,
  rho: 7,
  sigmaSchedule: 'karras',
};
const exponential: EdmNoise = { ...playground, sigmaSchedule: 'exponential' };
const levelsOf = (noise: EdmNoise, steps: number, arithmetic: EdmTraits['arithmetic'] = 'float32') =>
  edmLevels(noise, { kind: 'edm', arithmetic }, { finalSigmas: 'zero' }, steps);
const noiseLevels = (...given: Parameters<typeof levelsOf>) => levelsOf(...given).sigmas;
const fixture = readFixture('scheduler.safetensors');

const counts = Array.from({ length: 100 }, (_, i) => i + 1);
// the reference's float32 power is good to one unit in the last place; ours rounds correctly
const ONE_ULP = 2 ** -23;

describe('against the reference, 1 … 100 steps', () => {
  test.each(counts)('%i Karras levels in float32, for DPM-Solver++, agree to one unit in the last place', (steps) => {
    expectClose(noiseLevels(playground, steps), floatsOf(fixture, `dpm.sigmas.${steps}`), ONE_ULP);
  });

  test.each(counts)('%i Karras levels in double, for Euler, are equal', (steps) => {
    expect(noiseLevels(playground, steps, 'double')).toEqual(floatsOf(fixture, `euler.sigmas.${steps}`));
  });

  test('fifteen exponential levels agree to one unit in the last place', () => {
    const sigmas = floatsOf(readFixture('cases/16_exponential_schedule.safetensors'), 'sigmas');
    expectClose(noiseLevels(exponential, 15), sigmas, ONE_ULP);
  });
});

test.each(counts)('%i levels follow the formulas in double precision to 2e-6 of σ', (steps) => {
  const last = Math.max(steps - 1, 1);
  const karras = Array.from({ length: steps }, (_, i) => {
    const ends = [80 ** (1 / 7), 0.002 ** (1 / 7)];
    return (ends[0] + (i / last) * (ends[1] - ends[0])) ** 7;
  });
  expectClose(noiseLevels(playground, steps), [...karras, 0], 2e-6);
  if (steps === 1) return; // a single exponential step is a special case, see below
  const even = Array.from({ length: steps }, (_, i) => 80 * (0.002 / 80) ** (i / last));
  expectClose(noiseLevels(exponential, steps), [...even, 0], 2e-6);
});

test('one exponential step starts at σ_min, as in the reference', () => {
  const levels = noiseLevels(exponential, 1);
  expectClose(levels, Float32Array.of(0.002, 0), ONE_ULP);
});

test('the last level is zero, or σ_min when the configuration says so', () => {
  expect(noiseLevels(playground, 4)[4]).toBe(0);
  const { sigmas } = edmLevels(playground, { kind: 'edm', arithmetic: 'float32' }, { finalSigmas: 'sigma_min' }, 4);
  expect(sigmas[4]).toBe(Math.fround(0.002));
});

test('levels fall from σ_max to σ_min for any sensible configuration', () => {
  const configs = fc.record({
    sigmaSchedule: fc.constantFrom('karras', 'exponential'),
    sigmaMin: fc.double({ min: 1e-3, max: 0.1, noNaN: true }),
    sigmaMax: fc.double({ min: 1, max: 200, noNaN: true }),
    rho: fc.double({ min: 3, max: 10, noNaN: true }),
  });
  fc.assert(
    fc.property(
      configs,
      fc.constantFrom('float32', 'double'),
      fc.integer({ min: 2, max: 100 }),
      (config, arithmetic, steps) => {
        const levels = noiseLevels({ ...playground, ...config }, steps, arithmetic);
        expect(levels).toHaveLength(steps + 1);
        expect(Math.abs(levels[0] / config.sigmaMax - 1)).toBeLessThan(1e-5);
        expect(Math.abs(levels[steps - 1] / config.sigmaMin - 1)).toBeLessThan(1e-3);
        for (let i = 0; i < steps; i++) expect(levels[i]).toBeGreaterThan(levels[i + 1]);
      },
    ),
  );
});

test('timesteps of 1 … 100 steps agree with the reference to 1.2e-7, one unit in the last place of 1', () => {
  for (const [tag, arithmetic] of [['dpm', 'float32'] as const, ['euler', 'double'] as const]) {
    for (let steps = 1; steps <= 100; steps++) {
      const { timesteps } = levelsOf(playground, steps, arithmetic);
      const reference = floatsOf(fixture, `${tag}.timesteps.${steps}`);
      expect(maxAbsDifference(timesteps, reference)).toBeLessThanOrEqual(1.2e-7);
    }
  }
});

test('the noise condition goes from 1.0955 at σ 80 to −1.5537 at σ 0.002', () => {
  expect(noiseCondition(80)).toBe(Math.fround(1.09550666809));
  expect(noiseCondition(0.002)).toBe(Math.fround(-1.5536520246));
});

test('given levels are taken as they are, and given timesteps mean the levels that have them', () => {
  const traits = { kind: 'edm', arithmetic: 'double' } as const;
  const given = edmLevels(playground, traits, { finalSigmas: 'zero' }, { sigmas: [40, 4, 0.4, 0] });
  expect(given.sigmas).toEqual(Float32Array.of(40, 4, 0.4, 0));
  const again = edmLevels(playground, traits, { finalSigmas: 'zero' }, { timesteps: [...given.timesteps] });
  expectClose(again.sigmas, given.sigmas, 1e-6);
});

/** Every level within `relative` of the expected one; zero must be zero. */
function expectClose(levels: Float32Array, expected: ArrayLike<number>, relative: number): void {
  const ratios = Array.from(expected, (sigma, i) => (sigma === 0 && levels[i] === 0 ? 1 : levels[i] / sigma));
  expect(levels).toHaveLength(expected.length);
  expect(maxAbsDifference(ratios, new Array<number>(ratios.length).fill(1))).toBeLessThanOrEqual(relative);
}
