import { describe, expect, test } from 'vitest';
import { floatsOf, maxAbsDifference, readFixture, readFixtureJson } from '../../test/fixtures.ts';
import { JsonConfig } from '../json-config.ts';
import { createGenerator } from '../random/torch-generator.ts';
import { parseSamplingConfig, type SamplingConfig } from './config.ts';
import { denoisedFrom, networkInput } from './parameterisations.ts';
import type { Denoise } from './samplers/sampler.ts';
import { samplerEntry } from './samplers/table.ts';
import {
  createSchedule,
  finalLatents,
  initialLatents,
  initNoiseSigma,
  noisedLatents,
  parameterisationOf,
  type Schedule,
  sample,
} from './sampling.ts';
import type { Steps } from './schedules/levels.ts';

interface Trajectory {
  readonly name: string;
  readonly scheduler: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly step: { readonly eta?: number };
  readonly given: { readonly num_inference_steps: number } | Exclude<Steps, number>;
  readonly begin: number;
  readonly seed: number;
  readonly init_noise_sigma: number;
}
const fixture = readFixture('samplers.safetensors');
const { base, trajectories } = readFixtureJson<{ base: Record<string, unknown>; trajectories: Trajectory[] }>(
  'samplers.json',
);

/** Relative to the largest value of a state. The reference computes in float32, this engine computes its coefficients in double. */
const TOLERANCE = 3e-6;

describe('the samplers of the SDXL line with a stand-in for the network, against the reference', () => {
  test('the fixture holds every sampler, spacing and prediction', () => {
    const kinds = new Set(trajectories.map(({ name }) => name.split('.', 3).join('.')));
    for (const sampler of ['euler', 'heun', 'ddim', 'dpmpp_2m', 'unipc']) {
      for (const spacing of ['leading', 'trailing', 'linspace']) {
        for (const prediction of ['epsilon', 'v_prediction', 'sample']) {
          expect(kinds).toContain(`${sampler}.${spacing}.${prediction}`);
        }
      }
    }
    expect(trajectories).toHaveLength(448);
  });

  test.each(trajectories)('$name', async (trajectory) => {
    const { schedule, states, final } = await follow(trajectory);
    const { name, init_noise_sigma, begin } = trajectory;
    const timesteps = floatsOf(fixture, `${name}.timesteps`);
    // levels spaced by σ have fractional timesteps, which the reference interpolates from float32 logarithms
    expect(maxAbsDifference(schedule.timesteps, timesteps)).toBeLessThanOrEqual(
      timesteps.every(Number.isInteger) ? 0 : 1e-3,
    );
    if (fixture.has(`${name}.sigmas`)) {
      const sigmas = floatsOf(fixture, `${name}.sigmas`);
      expect(relativeDifference(schedule.sigmas, sigmas)).toBeLessThanOrEqual(2e-7);
      const first = initNoiseSigma(schedule) / (isNetworkScale(schedule) ? Math.hypot(1, sigmas[0]) : 1);
      expect(Math.abs(first / init_noise_sigma - 1)).toBeLessThanOrEqual(2e-7);
    }
    const golden = floatsOf(fixture, name);
    // the reference's Euler step x + (x − D)/σ·(t − σ), in float32, never loses the rounding error of the first state
    const rounding = isNetworkScale(schedule) ? 0 : 2 ** -23 * Math.max(...golden.subarray(0, SIZE).map(Math.abs));
    const expectNear = (values: Float32Array, expected: Float32Array, what: string) => {
      const tolerance = TOLERANCE * Math.max(...expected.map(Math.abs)) + rounding;
      expect(maxAbsDifference(values, expected), what).toBeLessThanOrEqual(tolerance);
    };
    expect(states).toHaveLength(golden.length / SIZE);
    states.forEach((state, taken) => {
      const expected = golden.subarray(taken * SIZE, (taken + 1) * SIZE);
      expectNear(state, expected, `after ${taken} steps from ${begin}`);
    });
    expectNear(final, golden.subarray(-SIZE), 'what the VAE is given');
  });
});

const SIZE = 4 * 2 * 3;

function isNetworkScale({ config }: Schedule): boolean {
  const { traits } = samplerEntry(config.sampler);
  return traits.kind === 'discrete' && traits.state === 'network';
}

/** The fixture's stand-in for the network: F(x; t) = 0.7·sin(1.3·x + t/1000) − 0.2·x. */
function standIn({ config, timesteps }: Schedule): Denoise {
  return (x, sigma, index) => {
    const scales = parameterisationOf(config)(sigma);
    const output = networkInput(x, scales).map((v) => 0.7 * Math.sin(1.3 * v + 0.001 * timesteps[index]) - 0.2 * v);
    return Promise.resolve(denoisedFrom(x, output, scales));
  };
}

/** Runs a golden trajectory; the states are converted to the scale in which the reference keeps them. */
async function follow({ name, scheduler, config: changes, step, given, begin, seed }: Trajectory) {
  const json = new JsonConfig({ ...base, ...changes, _class_name: scheduler }, name);
  const parsed = parseSamplingConfig(json);
  const config: SamplingConfig = { ...parsed, solver: { ...parsed.solver, eta: step.eta } };
  const steps = 'num_inference_steps' in given ? given.num_inference_steps : given;
  const schedule = { ...createSchedule(config, steps), beginIndex: begin };
  const generator = createGenerator(seed);
  const noise = () => generator.randn(SIZE);
  const picture = () => createGenerator(seed + 1000).randn(SIZE);
  const start = begin === 0 ? initialLatents(noise(), schedule) : noisedLatents(picture(), noise(), schedule);
  const scaled = (state: Float32Array, level: number) =>
    isNetworkScale(schedule) ? state.map((value) => value / Math.hypot(1, schedule.sigmas[level])) : state;
  const states = [scaled(start, begin)];
  const end = await sample(standIn(schedule), start, schedule, {
    noise,
    onStep: ({ index, latents }) => {
      states.push(scaled(latents, index + 1));
    },
  });
  return { schedule, states, final: finalLatents(end, schedule) };
}

function relativeDifference(values: Float32Array, expected: Float32Array): number {
  return maxAbsDifference(values, expected) / Math.max(...expected.map(Math.abs));
}
