import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { maxAbsDifference } from '../../test/fixtures.ts';
import { JsonConfig } from '../json-config.ts';
import { createGenerator } from '../random/torch-generator.ts';
import type { SchedulerConfig } from './config.ts';
import { parseSchedulerConfig } from './config.ts';
import { orderOfStep } from './dpm-solver-multistep.ts';
import { createSchedule, sample } from './sampler.ts';
import type { Denoise } from './sampling.ts';

const playground = parseSchedulerConfig(new JsonConfig({}, 'scheduler_config.json'));
/** Nonlinear, and like a real one nearly blind at high noise and nearly the identity at low noise. */
const nonlinear: Denoise = (x, sigma) => Promise.resolve(x.map((value) => Math.sin(value / (1 + sigma ** 2))));

describe('what holds for any denoiser', () => {
  const algorithms = fc.constantFrom<SchedulerConfig['algorithm']>('edm_dpmpp_2m', 'edm_euler');
  const orders = fc.constantFrom<SchedulerConfig['solverOrder']>(1, 2, 3);
  const types = fc.constantFrom<SchedulerConfig['solverType']>('midpoint', 'heun');
  const variants = fc.record({ algorithm: algorithms, solverOrder: orders, solverType: types });
  const counts = fc.integer({ min: 1, max: 60 });

  test('DPM-Solver++ of order 1 is Euler’s method', async () => {
    const x = createGenerator(1)
      .randn(64)
      .map((value) => value * 80);
    await fc.assert(
      fc.asyncProperty(counts, async (steps) => {
        // the same levels for both: only the steps are compared
        const schedule = createSchedule({ ...playground, solverOrder: 1 }, steps);
        const euler = { ...schedule, config: { ...schedule.config, algorithm: 'edm_euler' as const } };
        const [a, b] = await Promise.all([sample(nonlinear, x, schedule), sample(nonlinear, x, euler)]);
        expect(maxAbsDifference(a, b)).toBeLessThanOrEqual(1e-5);
      }),
      { numRuns: 30 },
    );
  });

  test('the last step returns the denoised latents exactly', async () => {
    await fc.assert(
      fc.asyncProperty(variants, counts, async (variant, steps) => {
        const schedule = createSchedule({ ...playground, ...variant, algorithm: 'edm_dpmpp_2m' }, steps);
        let last = Float32Array.of();
        const result = await sample(nonlinear, Float32Array.of(80, -3), schedule, (step) => {
          last = Float32Array.from(step.denoised);
        });
        expect(result).toEqual(last);
      }),
      { numRuns: 50 },
    );
  });

  test('a denoiser that always says the same is followed on a straight line in σ, whatever the solver', async () => {
    const target = Float32Array.of(1, -2);
    await fc.assert(
      fc.asyncProperty(variants, counts, async (variant, steps) => {
        const schedule = createSchedule({ ...playground, ...variant }, steps);
        const start = Float32Array.of(90, -40);
        await sample(
          () => Promise.resolve(target.slice()),
          start,
          schedule,
          ({ index, latents }) => {
            const share = schedule.sigmas[index + 1] / schedule.sigmas[0];
            const line = start.map((value, i) => target[i] + share * (value - target[i]));
            expect(maxAbsDifference(latents, line)).toBeLessThanOrEqual(1e-4);
          },
        );
      }),
      { numRuns: 50 },
    );
  });

  test('on Gaussian data, whose path is known, each order of the solver is nearer than the one below', async () => {
    // D(x; σ) = x·σ_data²/(σ_data² + σ²), so x(σ) = x(σ_max)·√((σ_data² + σ²)/(σ_data² + σ_max²))
    const gaussian: Denoise = (x, sigma) => Promise.resolve(x.map((value) => (value * 0.25) / (0.25 + sigma ** 2)));
    const errors = await Promise.all(
      ([1, 2, 3] as const).map(async (solverOrder) => {
        const schedule = createSchedule({ ...playground, solverOrder }, 40);
        const [end] = await sample(gaussian, Float32Array.of(80), schedule);
        return Math.abs(end - 80 * Math.sqrt(0.25 / (0.25 + schedule.sigmas[0] ** 2)));
      }),
    );
    expect(errors[1]).toBeLessThan(errors[0] / 4);
    expect(errors[2]).toBeLessThan(errors[1] / 2);
  });

  test('a step from σ_min to σ_min changes nothing, for every order and kind', async () => {
    await fc.assert(
      fc.asyncProperty(orders, types, fc.boolean(), async (solverOrder, solverType, lowerOrderFinal) => {
        const config = { ...playground, finalSigmas: 'sigma_min', solverOrder, solverType, lowerOrderFinal } as const;
        const sigmas = Float32Array.of(8, 4, 2, 1, 1);
        const states: Float32Array[] = [];
        const denoise: Denoise = (x) => Promise.resolve(x.map((value) => Math.sin(value)));
        await sample(denoise, Float32Array.of(5, -7), { config, sigmas, beginIndex: 0 }, (step) => {
          states.push(step.latents);
        });
        expect(states[3]).toEqual(states[2]);
      }),
      { numRuns: 30 },
    );
  });
});

test('orders of a run: first, middle, and at the end of short and long schedules', () => {
  const third = { ...playground, solverOrder: 3 } as const;
  const ordersOf = (config: SchedulerConfig, steps: number, begin = 0) =>
    Array.from({ length: steps - begin }, (_, done) => orderOfStep(config, begin + done, steps, done)).join('');
  expect(ordersOf(playground, 5)).toBe('12221');
  expect(ordersOf(playground, 5, 3)).toBe('11');
  expect(ordersOf(third, 7)).toBe('1233321');
  expect(ordersOf(third, 16)).toBe(`12${'3'.repeat(13)}1`);
  expect(ordersOf({ ...third, finalSigmas: 'sigma_min' }, 16)).toBe(`12${'3'.repeat(14)}`);
  expect(ordersOf({ ...third, finalSigmas: 'sigma_min', lowerOrderFinal: false }, 7)).toBe('1233333');
  expect(ordersOf({ ...third, finalSigmas: 'sigma_min', eulerAtFinal: true }, 16)).toBe(`12${'3'.repeat(13)}1`);
});
