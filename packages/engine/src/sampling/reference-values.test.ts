import { describe, expect, test } from 'vitest';
import { JsonConfig } from '../json-config.ts';
import { createGenerator } from '../random/torch-generator.ts';
import { parseSamplingConfig, type SamplingConfig } from './config.ts';
import { denoisedFrom, networkInput } from './parameterisations.ts';
import type { Denoise } from './samplers/sampler.ts';
import { type SamplerName, samplers } from './samplers/table.ts';
import { createSchedule, finalLatents, initNoiseSigma, parameterisationOf, type Schedule, sample } from './sampling.ts';

/**
 * The values that the reference's own tests assert (diffusers, tests/schedulers): 4×3×8×8 rising numbers as the sample, x·t/(t+1) as the
 * network, all timesteps. Sums of magnitudes to 1e-2 and means to 1e-3, as there.
 */
interface Row {
  readonly name: string;
  readonly sampler: SamplerName;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly steps?: number;
  readonly sum?: number;
  readonly mean: number;
  readonly eta?: number;
  /** The sample is multiplied by the standard deviation of the first level. */
  readonly isNoise?: true;
  /** What is scaled for the network: nothing, its input alone, or the sample itself, which the step then goes on from. */
  readonly scaling?: 'none' | 'sample';
}

const linear = { beta_start: 0.0001, beta_end: 0.02, beta_schedule: 'linear', num_train_timesteps: 1000 };
const longer = { ...linear, num_train_timesteps: 1100 };
const distilled = { ...linear, beta_start: 0.00085, beta_end: 0.012, beta_schedule: 'scaled_linear' };
const v = { prediction_type: 'v_prediction' };
const karras = { use_karras_sigmas: true };
const thresholding = { thresholding: true, dynamic_thresholding_ratio: 0.87, sample_max_value: 0.5 };
const noisy = { isNoise: true, scaling: 'sample' } as const;
const open = { lower_order_final: false, final_sigmas_type: 'sigma_min' };
const unscaled = { sampler: 'edm_dpmpp_2m', scaling: 'none' } as const;

const rows: readonly Row[] = [
  { name: 'EDM Euler', sampler: 'edm_euler', isNoise: true, sum: 34.1855, mean: 0.044 },
  { name: 'EDM DPM++ 2M', ...unscaled, config: open, mean: 0.0001 },
  { name: 'EDM DPM++ 2M, v', ...unscaled, config: { ...open, ...v }, mean: 0.0092 },
  { name: 'EDM DPM++ 2M, thresholding', ...unscaled, config: { ...open, ...thresholding }, mean: 0.008 },
  { name: 'Euler', sampler: 'euler', config: longer, ...noisy, sum: 10.0807, mean: 0.0131 },
  { name: 'Euler, v', sampler: 'euler', config: { ...longer, ...v }, ...noisy, sum: 0.0002, mean: 2.2676e-6 },
  {
    name: 'Euler, Karras',
    sampler: 'euler',
    config: { ...longer, ...karras },
    ...noisy,
    sum: 124.523,
    mean: 0.16214,
  },
  { name: 'Euler ancestral', sampler: 'euler_ancestral', config: longer, ...noisy, sum: 152.3192, mean: 0.1983 },
  {
    name: 'Euler ancestral, v',
    sampler: 'euler_ancestral',
    config: { ...longer, ...v },
    ...noisy,
    sum: 108.4439,
    mean: 0.1412,
  },
  { name: 'DDIM', sampler: 'ddim', config: linear, sum: 172.0067, mean: 0.223967 },
  { name: 'DDIM, v', sampler: 'ddim', config: { ...linear, ...v }, sum: 52.5302, mean: 0.0684 },
  {
    name: 'DDIM, set_alpha_to_one',
    sampler: 'ddim',
    config: { ...linear, beta_start: 0.01, set_alpha_to_one: true },
    sum: 149.8295,
    mean: 0.1951,
  },
  {
    name: 'DDIM, without set_alpha_to_one',
    sampler: 'ddim',
    config: { ...linear, beta_start: 0.01, set_alpha_to_one: false },
    sum: 149.0784,
    mean: 0.1941,
  },
  { name: 'DPM++ 2M', sampler: 'dpmpp_2m', config: { ...linear, ...open }, mean: 0.3301 },
  { name: 'DPM++ 2M, v', sampler: 'dpmpp_2m', config: { ...linear, ...open, ...v }, mean: 0.2251 },
  {
    name: 'DPM++ 2M, Karras and v',
    sampler: 'dpmpp_2m',
    config: { ...linear, ...open, ...v, ...karras },
    mean: 0.2096,
  },
  {
    name: 'DPM++ 2M, thresholding',
    sampler: 'dpmpp_2m',
    config: { ...linear, ...open, ...thresholding },
    mean: 1.1364,
  },
  { name: 'UniPC', sampler: 'unipc', config: { ...linear, final_sigmas_type: 'sigma_min' }, mean: 0.2464 },
  {
    name: 'UniPC, Karras',
    sampler: 'unipc',
    config: { ...linear, final_sigmas_type: 'sigma_min', ...karras },
    mean: 0.2925,
  },
  { name: 'UniPC, v', sampler: 'unipc', config: { ...linear, final_sigmas_type: 'sigma_min', ...v }, mean: 0.1014 },
  { name: 'LCM, 1 step', sampler: 'lcm', config: distilled, steps: 1, sum: 18.7097, mean: 0.0244 },
  { name: 'LCM, 10 steps', sampler: 'lcm', config: distilled, sum: 197.7616, mean: 0.2575 },
  { name: 'TCD, 1 step', sampler: 'tcd', config: distilled, steps: 1, eta: 0, sum: 29.8715, mean: 0.0389 },
  { name: 'TCD, 10 steps', sampler: 'tcd', config: distilled, eta: 0, sum: 181.204, mean: 0.2359 },
  { name: 'Heun', sampler: 'heun', config: longer, ...noisy, sum: 0.1233, mean: 0.0002 },
];

test.each(rows)('$name', async (row) => {
  const end = await run(row);
  const sum = end.reduce((total, value) => total + Math.abs(value), 0);
  if (row.sum !== undefined) expect(Math.abs(sum - row.sum)).toBeLessThan(1e-2);
  expect(Math.abs(sum / end.length - row.mean)).toBeLessThan(1e-3);
});

describe('timesteps that the reference asserts', () => {
  const timestepsOf = (sampler: SamplerName, steps: number, config: Readonly<Record<string, unknown>>) => [
    ...scheduleOf(sampler, steps, config).timesteps,
  ];
  const sdxl = { ...distilled, timestep_spacing: 'leading', steps_offset: 1 };
  const falling = (first: number, stride: number, count: number) =>
    Array.from({ length: count }, (_, i) => first - i * stride);

  test('DDIM, five steps with offset 1', () => {
    expect(timestepsOf('ddim', 5, { ...linear, steps_offset: 1 })).toEqual([801, 601, 401, 201, 1]);
  });

  test.each(['euler', 'ddim', 'euler_ancestral', 'heun'] as const)('SDXL with %s', (sampler) => {
    expect(timestepsOf(sampler, 10, sdxl)).toEqual(falling(901, 100, 10));
    expect(timestepsOf(sampler, 25, sdxl)).toEqual(falling(961, 40, 25));
  });

  test.each(['dpmpp_2m', 'unipc'] as const)('SDXL with %s', (sampler) => {
    expect(timestepsOf(sampler, 10, sdxl)).toEqual(falling(901, 90, 10));
    expect(timestepsOf(sampler, 25, sdxl)).toEqual(falling(951, 38, 25));
  });

  test('LCM and TCD, four of fifty', () => {
    expect(timestepsOf('lcm', 4, sdxl)).toEqual([999, 759, 499, 259]);
    expect(timestepsOf('tcd', 4, sdxl)).toEqual([999, 759, 499, 259]);
  });

  test('more steps than a consistency model was distilled from are refused', () => {
    expect(() => scheduleOf('lcm', 51, sdxl)).toThrow('steps must be at most 50');
  });

  test('given timesteps and given levels, as DMD2 and "Align your steps" publish them', () => {
    const dmd2 = createSchedule(configOf('lcm', sdxl), { timesteps: [999, 749, 499, 249] });
    expect([...dmd2.timesteps]).toEqual([999, 749, 499, 249]);
    const sigmas = [14.615, 6.315, 3.771, 2.181, 1.342, 0.862, 0.555, 0.38, 0.234, 0.113, 0];
    const ays = createSchedule(configOf('euler', sdxl), { sigmas });
    expect(ays.sigmas).toEqual(Float32Array.from(sigmas));
    const published = [999, 845, 730, 587, 443, 310, 193, 116, 53, 13];
    ays.timesteps.forEach((timestep, i) => {
      expect(Math.abs(timestep - published[i])).toBeLessThan(1);
    });
  });
});

function configOf(sampler: SamplerName, config: Readonly<Record<string, unknown>>): SamplingConfig {
  // v is rejected in an EDM model's file, but the reference tests it
  const isEdm = sampler.startsWith('edm_');
  const { prediction_type, ...others } = config;
  const json = { ...others, ...(!isEdm && { prediction_type }), _class_name: samplers[sampler].className };
  const parsed = parseSamplingConfig(new JsonConfig(json, 'scheduler_config.json'));
  return isEdm && prediction_type === 'v_prediction' ? { ...parsed, prediction: prediction_type } : parsed;
}

function scheduleOf(sampler: SamplerName, steps: number, config: Readonly<Record<string, unknown>>): Schedule {
  return createSchedule(configOf(sampler, config), steps);
}

async function run({ sampler, config = {}, steps = 10, eta, isNoise, scaling }: Row): Promise<Float32Array> {
  const parsed = configOf(sampler, config);
  const schedule = createSchedule({ ...parsed, solver: { ...parsed.solver, eta } }, steps);
  const parameterisation = parameterisationOf(schedule.config);
  const { sigmas, timesteps } = schedule;
  const generator = createGenerator(0);
  const noise = () => generator.randn(4 * REST);
  const denoiser =
    (first: number): Denoise =>
    (x, sigma, index) => {
      const t = timesteps[index];
      const scales = parameterisation(sigma);
      const isScaled = scaling === 'none' || (scaling === 'sample' && index === first);
      const output = (isScaled ? x : networkInput(x, scales)).map((value) => (value * t) / (t + 1));
      return Promise.resolve(denoisedFrom(x, output, scales));
    };
  const isNetworkScale = samplers[sampler].traits.kind === 'discrete' && !isNoise;
  const factor = isNetworkScale ? Math.hypot(1, sigmas[0]) : isNoise ? initNoiseSigma(schedule) : 1;
  let x: Float32Array = risingSample().map((value) => value * factor);
  if (scaling !== 'sample') return finalLatents(await sample(denoiser(0), x, schedule, { noise }), schedule);
  for (let index = 0; index < steps; index++) {
    const one = { ...schedule, sigmas: sigmas.subarray(0, index + 2), beginIndex: index };
    x = await sample(denoiser(index), networkInput(x, parameterisation(sigmas[index])), one, { noise });
  }
  return x;
}

const REST = 3 * 8 * 8;

/** arange(768) / 768 of shape [3, 8, 8, 4], with the last axis moved to the front. */
function risingSample(): Float32Array {
  return Float32Array.from({ length: 4 * REST }, (_, i) => ((i % REST) * 4 + Math.floor(i / REST)) / 768);
}
