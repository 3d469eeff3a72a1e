import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { floatsOf, maxAbsDifference, readFixture } from '../../test/fixtures.ts';
import { JsonConfig } from '../json-config.ts';
import type { SchedulerConfig } from './config.ts';
import { parseSchedulerConfig } from './config.ts';
import { noiseLevels } from './sigmas.ts';

const playground = parseSchedulerConfig(new JsonConfig({}, 'scheduler_config.json'));
const euler: SchedulerConfig = { ...playground, algorithm: 'edm_euler' };
const fixture = readFixture('scheduler.safetensors');

const counts = Array.from({ length: 100 }, (_, i) => i + 1);
// the reference's float32 power is good to one unit in the last place; ours rounds correctly
const oneUlp = 2 ** -23;

describe('against the reference, 1 … 100 steps', () => {
  test.each(counts)('%i Karras levels in float32, for DPM-Solver++, agree to one unit in the last place', (steps) => {
    expectClose(noiseLevels(playground, steps), floatsOf(fixture, `dpm.sigmas.${steps}`), oneUlp);
  });

  test.each(counts)('%i Karras levels in double, for Euler, are equal', (steps) => {
    expect(noiseLevels(euler, steps)).toEqual(floatsOf(fixture, `euler.sigmas.${steps}`));
  });

  test('fifteen exponential levels agree to one unit in the last place', () => {
    const sigmas = floatsOf(readFixture('cases/16_exponential_schedule.safetensors'), 'sigmas');
    expectClose(noiseLevels({ ...playground, sigmaSchedule: 'exponential' }, 15), sigmas, oneUlp);
  });
});

test.each(counts)('%i levels follow the formulas in double precision to 2e-6 of σ', (steps) => {
  const last = Math.max(steps - 1, 1);
  const karras = Array.from({ length: steps }, (_, i) => {
    const ends = [80 ** (1 / 7), 0.002 ** (1 / 7)];
    return (ends[0] + (i / last) * (ends[1] - ends[0])) ** 7;
  });
  expectClose(noiseLevels(playground, steps), [...karras, 0], 2e-6);
  if (steps === 1) return; // one exponential step alone is another matter, see below
  const exponential = Array.from({ length: steps }, (_, i) => 80 * (0.002 / 80) ** (i / last));
  expectClose(noiseLevels({ ...playground, sigmaSchedule: 'exponential' }, steps), [...exponential, 0], 2e-6);
});

test('one exponential step starts at σ_min, as in the reference', () => {
  const levels = noiseLevels({ ...playground, sigmaSchedule: 'exponential' }, 1);
  expectClose(levels, Float32Array.of(0.002, 0), oneUlp);
});

test('the last level is zero, or σ_min when the configuration says so', () => {
  expect(noiseLevels(playground, 4)[4]).toBe(0);
  expect(noiseLevels({ ...playground, finalSigmas: 'sigma_min' }, 4)[4]).toBe(Math.fround(0.002));
});

test('levels fall from σ_max to σ_min for any sensible configuration', () => {
  const configs = fc.record({
    algorithm: fc.constantFrom('edm_dpmpp_2m', 'edm_euler'),
    sigmaSchedule: fc.constantFrom('karras', 'exponential'),
    sigmaMin: fc.double({ min: 1e-3, max: 0.1, noNaN: true }),
    sigmaMax: fc.double({ min: 1, max: 200, noNaN: true }),
    rho: fc.double({ min: 3, max: 10, noNaN: true }),
  });
  fc.assert(
    fc.property(configs, fc.integer({ min: 2, max: 100 }), (config, steps) => {
      const levels = noiseLevels({ ...playground, ...config }, steps);
      expect(levels).toHaveLength(steps + 1);
      expect(Math.abs(levels[0] / config.sigmaMax - 1)).toBeLessThan(1e-5);
      expect(Math.abs(levels[steps - 1] / config.sigmaMin - 1)).toBeLessThan(1e-3);
      for (let i = 0; i < steps; i++) expect(levels[i]).toBeGreaterThan(levels[i + 1]);
    }),
  );
});

/** Every level within `relative` of the expected one; zero must be zero. */
function expectClose(levels: Float32Array, expected: ArrayLike<number>, relative: number): void {
  const ratios = Array.from(expected, (sigma, i) => (sigma === 0 && levels[i] === 0 ? 1 : levels[i] / sigma));
  expect(levels).toHaveLength(expected.length);
  expect(maxAbsDifference(ratios, new Array<number>(ratios.length).fill(1))).toBeLessThanOrEqual(relative);
}
