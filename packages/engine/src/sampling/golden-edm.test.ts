import { describe, expect, test } from 'vitest';
import { floatsOf, maxAbsDifference, readFixture, readFixtureJson } from '../../test/fixtures.ts';
import { JsonConfig } from '../json-config.ts';
import { parseSamplingConfig, type SamplingConfig } from './config.ts';
import { denoisedFrom, networkInput } from './parameterisations.ts';
import { orderOfStep } from './samplers/multistep.ts';
import type { Denoise } from './samplers/sampler.ts';
import { createSchedule, initNoiseSigma, parameterisationOf, type Schedule, sample } from './sampling.ts';

const playground = parseSamplingConfig(new JsonConfig({}, 'scheduler_config.json'));
const fixture = readFixture('scheduler.safetensors');

interface Trajectory {
  readonly name: string;
  readonly scheduler: string;
  readonly config: { readonly prediction_type?: 'v_prediction' };
  readonly steps: number;
  readonly begin: number;
  readonly init_noise_sigma: number;
}
const { trajectories } = readFixtureJson<{ trajectories: Trajectory[] }>('scheduler.json');

describe('trajectories with an elementwise stand-in for the network, ten variants, against the reference', () => {
  test('the fixture holds 10 variants at 12 step counts, those from 10 up with a late start too', () => {
    expect(trajectories).toHaveLength(10 * (4 + 8 * 2));
    for (const { init_noise_sigma } of trajectories)
      expect(init_noise_sigma).toBe(initNoiseSigma(createSchedule(playground, 4)));
  });

  test.each(trajectories)('$name: every state within 3e-6 of its magnitude', async (trajectory) => {
    const { expected, taken, schedule } = await follow(trajectory);
    // the reference's Euler step x + (x − D)/σ·(t − σ), in float32, never loses the rounding error of the first state
    const rounding = schedule.config.sampler === 'edm_euler' ? 2 ** -23 * largest(taken[0]) : 0;
    expectStates(taken, expected, 3e-6, rounding);
  });

  test.each(trajectories)('$name: every state within 1e-6 of the papers’ formulas', async (trajectory) => {
    const { schedule, taken } = await follow(trajectory);
    expectStates(taken, obviousTrajectory(taken[0], schedule), 1e-6);
  });
});

/** Differences relative to the largest value of each state, which falls from about 250 to below 1, or to 1. */
function expectStates(
  taken: readonly Float32Array[],
  expected: readonly ArrayLike<number>[],
  relative: number,
  rounding = 0,
): void {
  expect(taken).toHaveLength(expected.length);
  taken.forEach((state, step) => {
    const tolerance = relative * Math.max(1, largest(state)) + rounding;
    const difference = maxAbsDifference(state, expected[step]);
    expect(difference, `after ${step} steps`).toBeLessThanOrEqual(tolerance);
  });
}

function largest(state: Float32Array): number {
  return Math.max(...state.map(Math.abs));
}

/** The fixture's stand-in for the network: F(x; t) = 0.7·sin(1.3·x + t) − 0.2·x. */
function standIn({ config, timesteps }: Schedule): Denoise {
  return (x, sigma, index) => {
    const scales = parameterisationOf(config)(sigma);
    const output = networkInput(x, scales).map((v) => 0.7 * Math.sin(1.3 * v + timesteps[index]) - 0.2 * v);
    return Promise.resolve(denoisedFrom(x, output, scales));
  };
}

/** Runs a golden trajectory from its first state; `taken` and `expected` hold the state before the first and after each step. */
async function follow({ name, scheduler, config: changes, steps, begin }: Trajectory): Promise<{
  schedule: Schedule;
  expected: Float32Array[];
  taken: Float32Array[];
}> {
  // v_prediction is rejected in a model's file, but the solver's goldens include it
  const { prediction_type, ...json } = changes;
  const parsed = parseSamplingConfig(new JsonConfig({ ...json, _class_name: scheduler }, name));
  const config: SamplingConfig = { ...parsed, prediction: prediction_type ?? parsed.prediction };
  const schedule = { ...createSchedule(config, steps), beginIndex: begin };
  const golden = floatsOf(fixture, name);
  const size = golden.length / (steps - begin + 1);
  const expected = Array.from({ length: steps - begin + 1 }, (_, i) => golden.subarray(i * size, (i + 1) * size));
  const taken = [expected[0]];
  const onStep = ({ latents }: { latents: Float32Array }) => void taken.push(latents);
  await sample(standIn(schedule), expected[0], schedule, { noise: () => Float32Array.of(), onStep });
  return { schedule, expected, taken };
}

/**
 * The slow, obvious version: one element at a time in double, each order written out as in Lu et al. 2022 (α = 1, λ = −ln σ),
 * Euler as in Karras et al. 2022.
 */
function obviousTrajectory(start: Float32Array, { config, sigmas, timesteps, beginIndex }: Schedule): number[][] {
  const paths = Array.from(start, (first) => {
    const path = [first];
    const D: number[] = [];
    for (let i = beginIndex; i < sigmas.length - 1; i++) {
      const x = path[path.length - 1];
      const s = sigmas[i];
      const t = sigmas[i + 1];
      D[i] = obviousDenoised(x, s, timesteps[i], config);
      path.push(
        config.sampler === 'edm_euler'
          ? x + ((x - D[i]) / s) * (t - s)
          : obviousStep(x, D, sigmas, i, config, orderOfStep(config.solver, i, sigmas.length - 1, i - beginIndex)),
      );
    }
    return path;
  });
  return paths[0].map((_, step) => paths.map((path) => path[step]));
}

function obviousDenoised(x: number, s: number, t: number, { noise, prediction }: SamplingConfig): number {
  const d = noise.kind === 'edm' ? noise.sigmaData : Number.NaN;
  const input = x / Math.sqrt(s * s + d * d);
  const F = 0.7 * Math.sin(1.3 * input + t) - 0.2 * input;
  const sign = prediction === 'epsilon' ? 1 : -1;
  return ((d * d) / (s * s + d * d)) * x + ((sign * s * d) / Math.sqrt(s * s + d * d)) * F;
}

function obviousStep(
  x: number,
  D: readonly number[],
  sigmas: Float32Array,
  i: number,
  { solver: { solverType } }: SamplingConfig,
  order: 1 | 2 | 3,
): number {
  const lambda = (k: number) => -Math.log(sigmas[k]);
  const h = lambda(i + 1) - lambda(i);
  const E = sigmas[i + 1] === 0 ? 1 : 1 - Math.exp(-h);
  const exact = (sigmas[i + 1] / sigmas[i]) * x + E * D[i];
  if (order === 1 || Math.abs(h) < 1e-6) return exact;
  const r0 = (lambda(i) - lambda(i - 1)) / h;
  const A = (D[i] - D[i - 1]) / r0;
  if (order === 2) return exact + (solverType === 'midpoint' ? E / 2 : 1 - E / h) * A;
  const r1 = (lambda(i - 1) - lambda(i - 2)) / h;
  const B = (D[i - 1] - D[i - 2]) / r1;
  const D1 = A + (r0 / (r0 + r1)) * (A - B);
  const D2 = (A - B) / (r0 + r1);
  return exact + (1 - E / h) * D1 - ((h - E) / h ** 2 - 0.5) * D2;
}
