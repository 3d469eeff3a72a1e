import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { maxAbsDifference } from '../../../test/fixtures.ts';
import { JsonConfig } from '../../json-config.ts';
import { createGenerator } from '../../random/torch-generator.ts';
import { parseSamplingConfig, type SamplingConfig } from '../config.ts';
import { createSchedule, sample } from '../sampling.ts';
import { orderOfStep } from './multistep.ts';
import type { Denoise, SamplerStep, SolverOptions } from './sampler.ts';
import { type SamplerName, samplers } from './table.ts';

const playground = parseSamplingConfig(new JsonConfig({}, 'scheduler_config.json'));
const sdxl = { beta_start: 0.00085, beta_end: 0.012, beta_schedule: 'scaled_linear', clip_sample: false };
const configOf = (name: SamplerName, solver: Partial<SolverOptions> = {}): SamplingConfig => {
  const { className } = samplers[name];
  const config = parseSamplingConfig(new JsonConfig({ ...sdxl, _class_name: className }, 'scheduler_config.json'));
  return { ...config, solver: { ...config.solver, ...solver } };
};
const discrete = Object.keys(samplers).filter((name): name is SamplerName => !name.startsWith('edm_'));
const silence = () => new Float32Array(64);
/** A run without noise. */
const quietly = (onStep?: (step: SamplerStep) => void) => ({ noise: silence, onStep });
/** Nonlinear, and like a real one nearly independent of its input at high noise and nearly the identity at low noise. */
const nonlinear: Denoise = (x, sigma) => Promise.resolve(x.map((value) => Math.sin(value / (1 + sigma ** 2))));

describe('what holds for any denoiser', () => {
  const variants = fc.record({
    solverOrder: fc.constantFrom<SolverOptions['solverOrder']>(1, 2, 3),
    solverType: fc.constantFrom<SolverOptions['solverType']>('midpoint', 'heun'),
    unipcType: fc.constantFrom<SolverOptions['unipcType']>('bh1', 'bh2'),
  });
  const counts = fc.integer({ min: 1, max: 60 });

  test.each(['edm_dpmpp_2m', 'dpmpp_2m', 'unipc'] as const)('%s of order 1 is Euler’s method', async (name) => {
    const x = createGenerator(1)
      .randn(64)
      .map((value) => value * 80);
    await fc.assert(
      fc.asyncProperty(counts, async (steps) => {
        // the same levels for both: only the steps are compared; without its corrector, which is of a higher order
        const uncorrected = Array.from({ length: steps }, (_, index) => index);
        const schedule = createSchedule(configOf(name, { solverOrder: 1, uncorrected }), steps);
        const sampler = name === 'edm_dpmpp_2m' ? ('edm_euler' as const) : ('euler' as const);
        const euler = { ...schedule, config: { ...schedule.config, sampler } };
        const [a, b] = await Promise.all([
          sample(nonlinear, x, schedule, quietly()),
          sample(nonlinear, x, euler, quietly()),
        ]);
        expect(maxAbsDifference(a, b)).toBeLessThanOrEqual(1e-5);
      }),
      { numRuns: 30 },
    );
  });

  test.each(discrete.filter((name) => name !== 'tcd').concat('edm_dpmpp_2m'))(
    'the last step of %s to σ = 0 returns the denoised latents',
    async (name) => {
      await fc.assert(
        fc.asyncProperty(variants, fc.integer({ min: 1, max: 50 }), async (variant, steps) => {
          const schedule = createSchedule(configOf(name, variant), steps);
          let last = Float32Array.of();
          const result = await sample(
            nonlinear,
            Float32Array.of(80, -3),
            schedule,
            quietly((step) => {
              last = Float32Array.from(step.denoised);
            }),
          );
          // Euler's step as the reference takes it rounds by the size of the latents before
          expect(maxAbsDifference(result, last)).toBeLessThanOrEqual(name === 'edm_dpmpp_2m' ? 0 : 1e-6);
        }),
        { numRuns: 20 },
      );
    },
  );

  const straight = ['edm_dpmpp_2m', 'edm_euler', 'euler', 'heun', 'ddim', 'dpmpp_2m', 'unipc'] as const;
  test.each(straight)(
    'a denoiser that always says the same is followed by %s on a straight line in σ',
    async (name) => {
      const target = Float32Array.of(1, -2);
      await fc.assert(
        fc.asyncProperty(variants, counts, async (variant, steps) => {
          const schedule = createSchedule(configOf(name, variant), steps);
          const start = Float32Array.of(90, -40);
          const follow = ({ index, latents }: SamplerStep) => {
            const share = schedule.sigmas[index + 1] / schedule.sigmas[0];
            const line = start.map((value, i) => target[i] + share * (value - target[i]));
            expect(maxAbsDifference(latents, line)).toBeLessThanOrEqual(1e-4);
          };
          await sample(() => Promise.resolve(target.slice()), start, schedule, quietly(follow));
        }),
        { numRuns: 20 },
      );
    },
  );

  test.each(['edm_dpmpp_2m', 'dpmpp_2m', 'unipc'] as const)(
    'on Gaussian data, whose path is known, each order of %s is nearer than the one below',
    async (name) => {
      // D(x; σ) = x·σ_data²/(σ_data² + σ²), so x(σ) = x(σ_max)·√((σ_data² + σ²)/(σ_data² + σ_max²))
      const gaussian: Denoise = (x, sigma) => Promise.resolve(x.map((value) => (value * 0.25) / (0.25 + sigma ** 2)));
      const errors = await Promise.all(
        ([1, 2, 3] as const).map(async (solverOrder) => {
          const config = configOf(name, { solverOrder, lowerOrderFinal: false, finalSigmas: 'sigma_min' });
          // spaced evenly enough for each order to be measurable
          const noise =
            config.noise.kind === 'discrete' ? ({ ...config.noise, bySigma: 'karras' } as const) : config.noise;
          const schedule = createSchedule({ ...config, noise }, 40);
          const last = schedule.sigmas[40] ** 2;
          const [end] = await sample(gaussian, Float32Array.of(80), schedule, quietly());
          return Math.abs(end - 80 * Math.sqrt((0.25 + last) / (0.25 + schedule.sigmas[0] ** 2)));
        }),
      );
      expect(errors[1]).toBeLessThan(errors[0] / 2);
      expect(errors[2]).toBeLessThan(errors[1]);
    },
  );

  test('Heun’s method is nearer than Euler’s on the same levels', async () => {
    const gaussian: Denoise = (x, sigma) => Promise.resolve(x.map((value) => (value * 0.25) / (0.25 + sigma ** 2)));
    const schedule = createSchedule(configOf('heun'), 40);
    const errors = await Promise.all(
      (['euler', 'heun'] as const).map(async (sampler) => {
        const run = { ...schedule, config: { ...schedule.config, sampler } };
        const [end] = await sample(gaussian, Float32Array.of(80), run, quietly());
        return Math.abs(end - 80 * Math.sqrt(0.25 / (0.25 + schedule.sigmas[0] ** 2)));
      }),
    );
    expect(errors[1]).toBeLessThan(errors[0] / 4);
  });

  test.each(['edm_dpmpp_2m', 'unipc'] as const)(
    'a step of %s from σ_min to σ_min changes nothing, for every order and kind',
    async (name) => {
      await fc.assert(
        fc.asyncProperty(variants, fc.boolean(), async (variant, lowerOrderFinal) => {
          const config = configOf(name, { ...variant, finalSigmas: 'sigma_min', lowerOrderFinal, uncorrected: [3] });
          const sigmas = Float32Array.of(8, 4, 2, 1, 1);
          const states: Float32Array[] = [];
          const denoise: Denoise = (x) => Promise.resolve(x.map((value) => Math.sin(value)));
          const schedule = { config, sigmas, timesteps: new Float32Array(4), beginIndex: 0 };
          const onStep = ({ latents }: SamplerStep) => void states.push(latents);
          const end = await sample(denoise, Float32Array.of(5, -7), schedule, quietly(onStep));
          expect(states).toHaveLength(4);
          expect(end.every(Number.isFinite)).toBe(true);
          if (name === 'edm_dpmpp_2m') expect(states[3]).toEqual(states[2]);
        }),
        { numRuns: 30 },
      );
    },
  );
});

describe('what the samplers with noise have in common', () => {
  test('DDIM with η = 1 is the ancestral method, with η = 0 Euler’s, on the same levels and noise', async () => {
    const schedule = createSchedule(configOf('ddim', {}), 20);
    const x = createGenerator(3).randn(64);
    const run = async (sampler: SamplerName, eta: number) => {
      const { noise } = { noise: createGenerator(4) };
      const config = { ...schedule.config, sampler, solver: { ...schedule.config.solver, eta } };
      return sample(nonlinear, x, { ...schedule, config }, { noise: () => noise.randn(64) });
    };
    expect(maxAbsDifference(await run('ddim', 1), await run('euler_ancestral', 0))).toBeLessThan(1e-5);
    expect(maxAbsDifference(await run('ddim', 0), await run('euler', 0))).toBeLessThan(1e-5);
    expect(maxAbsDifference(await run('ddim', 0), await run('ddim', 1))).toBeGreaterThan(0.1);
  });

  test.each([
    ['euler', {}, 0],
    ['ddim', {}, 0],
    ['ddim', { eta: 0.5 }, 3],
    ['euler_ancestral', {}, 3],
    ['lcm', {}, 3],
    ['tcd', {}, 3],
    ['tcd', { eta: 0 }, 0],
  ] as const)('%s %j draws noise between its four steps only: %i times', async (name, solver, expected) => {
    let drawn = 0;
    const noise = () => {
      drawn++;
      return new Float32Array(2);
    };
    await sample(nonlinear, Float32Array.of(1, 2), createSchedule(configOf(name, solver), 4), { noise });
    expect(drawn).toBe(expected);
  });
});

test('orders of a run: first, middle, and at the end of short and long schedules', () => {
  const second = playground.solver;
  const third = { ...second, solverOrder: 3 } as const;
  const ordersOf = (solver: SolverOptions, steps: number, begin = 0) =>
    Array.from({ length: steps - begin }, (_, done) => orderOfStep(solver, begin + done, steps, done)).join('');
  expect(ordersOf(second, 5)).toBe('12221');
  expect(ordersOf(second, 5, 3)).toBe('11');
  expect(ordersOf(third, 7)).toBe('1233321');
  expect(ordersOf(third, 16)).toBe(`12${'3'.repeat(13)}1`);
  expect(ordersOf({ ...third, finalSigmas: 'sigma_min' }, 16)).toBe(`12${'3'.repeat(14)}`);
  expect(ordersOf({ ...third, finalSigmas: 'sigma_min', lowerOrderFinal: false }, 7)).toBe('1233333');
  expect(ordersOf({ ...third, finalSigmas: 'sigma_min', eulerAtFinal: true }, 16)).toBe(`12${'3'.repeat(13)}1`);
});
