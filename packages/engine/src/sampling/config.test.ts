import { describe, expect, test } from 'vitest';
import { readFixtureJson } from '../../test/fixtures.ts';
import { sdxlNoise } from '../../test/sdxl-noise.ts';
import { EngineError } from '../errors.ts';
import { JsonConfig } from '../json-config.ts';
import { parseSamplingConfig, withOverrides } from './config.ts';

const file = 'model/scheduler/scheduler_config.json';
const playground = parseSamplingConfig(new JsonConfig(readFixtureJson(file), file));

test('the published configuration of Playground v2.5 is understood', () => {
  expect(playground).toEqual({
    sampler: 'edm_dpmpp_2m',
    noise: { kind: 'edm', sigmaMin: 0.002, sigmaMax: 80, sigmaData: 0.5, rho: 7, sigmaSchedule: 'karras' },
    prediction: 'epsilon',
    solver: {
      solverOrder: 2,
      solverType: 'midpoint',
      unipcType: 'bh2',
      finalSigmas: 'zero',
      lowerOrderFinal: true,
      eulerAtFinal: false,
      uncorrected: [],
      eta: undefined,
      timestepScaling: 10,
    },
  });
});

test('an empty configuration has the reference’s defaults, which are Playground’s', () => {
  expect(parseSamplingConfig(new JsonConfig({}, file))).toEqual(playground);
});

test('unknown keys are ignored and null counts as absent', () => {
  const json = { clip_sample: true, timestep_spacing: 'leading', sigma_schedule: null };
  expect(parseSamplingConfig(new JsonConfig(json, file))).toEqual(playground);
});

test('every known key is read', () => {
  const json = {
    _class_name: 'EDMEulerScheduler',
    sigma_min: 0.01,
    sigma_max: 40,
    sigma_data: 1,
    rho: 5,
    sigma_schedule: 'exponential',
    solver_order: 3,
    solver_type: 'heun',
    final_sigmas_type: 'sigma_min',
    lower_order_final: false,
    euler_at_final: true,
    thresholding: true,
    dynamic_thresholding_ratio: 0.9,
    sample_max_value: 2,
  };
  expect(parseSamplingConfig(new JsonConfig(json, file))).toEqual({
    sampler: 'edm_euler',
    noise: { kind: 'edm', sigmaMin: 0.01, sigmaMax: 40, sigmaData: 1, rho: 5, sigmaSchedule: 'exponential' },
    prediction: 'epsilon',
    solver: {
      ...playground.solver,
      solverOrder: 3,
      solverType: 'heun',
      finalSigmas: 'sigma_min',
      lowerOrderFinal: false,
      eulerAtFinal: true,
      thresholding: { ratio: 0.9, sampleMaxValue: 2 },
    },
  });
});

test.each([
  ['_class_name', 'PNDMScheduler', 'one of them'],
  ['algorithm_type', 'sde-dpmsolver++', 'write "dpmsolver++"'],
  ['prediction_type', 'v_prediction', 'epsilon prediction'],
  ['sigma_schedule', 'polyexponential', 'write "karras"'],
  ['solver_order', 4, 'write 2'],
  ['solver_type', 'bh2', 'write "midpoint"'],
  ['final_sigmas_type', 'last', 'write "zero"'],
])('%s %s is refused with the file, the key and a remedy', (key, value, remedy) => {
  const refusal = refusalOf({ [key]: value });
  expect(refusal.code).toBe('model_unsupported');
  expect(refusal.details.file).toBe(file);
  for (const part of [file, key, JSON.stringify(value)]) expect(refusal.message).toContain(part);
  expect(refusal.remedy).toContain(remedy);
});

test.each([
  ['sigma_min', 0],
  ['sigma_min', 90],
  ['sigma_max', -1],
  ['sigma_max', '80'],
  ['rho', 0],
  ['lower_order_final', 'yes'],
])('%s = %s is not a valid configuration', (key, value) => {
  const refusal = refusalOf({ [key]: value });
  expect(refusal.code).toBe('model_config_invalid');
  expect(refusal.message).toContain(file);
  expect(refusal.message).toContain(key);
});

test('a thresholding quantile beyond 1 and a file that is no object are refused', () => {
  expect(refusalOf({ thresholding: true, dynamic_thresholding_ratio: 2 }).message).toContain('between 0 and 1 (got 2)');
  expect(refusalOf([]).code).toBe('model_config_invalid');
});

test('a request changes only what it names', () => {
  const { noise, solver } = playground;
  expect(withOverrides(playground, {})).toEqual(playground);
  expect(withOverrides(playground, { solverOrder: 3, solverType: 'heun' })).toEqual({
    ...playground,
    solver: { ...solver, solverOrder: 3, solverType: 'heun' },
  });
  expect(withOverrides(playground, { sigmaSchedule: 'exponential' })).toEqual({
    ...playground,
    noise: { ...noise, sigmaSchedule: 'exponential' },
  });
});

describe('the schedulers of the SDXL line', () => {
  const parse = (json: object) => parseSamplingConfig(new JsonConfig(json, file));

  test('what SDXL publishes is understood', () => {
    const json = {
      _class_name: 'EulerDiscreteScheduler',
      _diffusers_version: '0.19.0.dev0',
      ...{ beta_start: 0.00085, beta_end: 0.012, beta_schedule: 'scaled_linear', num_train_timesteps: 1000 },
      ...{ clip_sample: false, interpolation_type: 'linear', prediction_type: 'epsilon', sample_max_value: 1.0 },
      ...{ set_alpha_to_one: false, skip_prk_steps: true, steps_offset: 1, timestep_spacing: 'leading' },
      ...{ trained_betas: null, use_karras_sigmas: false },
    };
    expect(parse(json)).toEqual({
      sampler: 'euler',
      noise: sdxlNoise,
      prediction: 'epsilon',
      solver: playground.solver,
    });
  });

  test('a request may space their levels by σ', () => {
    const config = parse({ _class_name: 'EulerDiscreteScheduler' });
    expect(withOverrides(config, { sigmaSchedule: 'karras' }).noise).toEqual({
      ...config.noise,
      bySigma: 'karras',
    });
  });

  test('each class has its own defaults, as in the reference', () => {
    const noiseOf = (className: string) => parse({ _class_name: className }).noise;
    const linear = { kind: 'linear', start: 0.0001, end: 0.02 };
    const latent = { start: 0.00085, end: 0.012 };
    expect(noiseOf('EulerDiscreteScheduler')).toMatchObject({ betas: linear, spacing: 'linspace' });
    expect(noiseOf('UniPCMultistepScheduler')).toMatchObject({ betas: linear, spacing: 'linspace' });
    expect(noiseOf('DDIMScheduler')).toMatchObject({ betas: linear, spacing: 'leading', setAlphaToOne: true });
    expect(noiseOf('HeunDiscreteScheduler')).toMatchObject({ betas: { kind: 'linear', ...latent } });
    expect(noiseOf('LCMScheduler')).toMatchObject({ betas: { kind: 'scaled_linear', ...latent }, spacing: 'leading' });
    expect(parse({ _class_name: 'DDIMScheduler' }).solver.clip).toBe(1);
    expect(parse({ _class_name: 'DDIMScheduler', clip_sample: null }).solver.clip).toBe(1);
    expect(parse({ _class_name: 'DDIMScheduler', clip_sample: false }).solver).not.toHaveProperty('clip');
    expect(parse({ _class_name: 'LCMScheduler' }).solver).not.toHaveProperty('clip');
  });

  test('a solver takes the kinds of another as its own first', () => {
    const solverOf = (className: string, solver_type: string) => parse({ _class_name: className, solver_type }).solver;
    expect(solverOf('UniPCMultistepScheduler', 'heun').unipcType).toBe('bh2');
    expect(solverOf('UniPCMultistepScheduler', 'bh1').unipcType).toBe('bh1');
    expect(solverOf('DPMSolverMultistepScheduler', 'bh1').solverType).toBe('midpoint');
  });

  test.each([
    ['DPMSolverMultistepScheduler', 'algorithm_type', 'sde-dpmsolver++', 'write "dpmsolver++"'],
    ['EulerDiscreteScheduler', 'beta_schedule', 'laplace', 'trained_betas'],
    ['EulerDiscreteScheduler', 'interpolation_type', 'log_linear', 'write "linear"'],
    ['EulerDiscreteScheduler', 'timestep_type', 'continuous', 'write "discrete"'],
    ['EulerDiscreteScheduler', 'timestep_spacing', 'log', 'write "trailing"'],
    ['EulerDiscreteScheduler', 'prediction_type', 'flow_prediction', 'epsilon prediction'],
    ['EulerDiscreteScheduler', 'use_beta_sigmas', true, 'use_karras_sigmas instead'],
    ['EulerDiscreteScheduler', 'rescale_betas_zero_snr', true, 'write false'],
    ['DPMSolverMultistepScheduler', 'use_lu_lambdas', true, 'use_karras_sigmas instead'],
    ['DPMSolverMultistepScheduler', 'variance_type', 'learned_range', 'does not learn its variance'],
    ['UniPCMultistepScheduler', 'use_flow_sigmas', true, 'flow matching'],
    ['UniPCMultistepScheduler', 'predict_x0', false, 'write true'],
    ['UniPCMultistepScheduler', 'solver_p', 'EulerDiscreteScheduler', 'write null'],
  ])('%s: %s %s is refused with the file, the key and a remedy', (className, key, value, remedy) => {
    const refusal = refusalOf({ _class_name: className, [key]: value });
    expect(refusal.code).toBe('model_unsupported');
    for (const part of [file, `${key} is`]) expect(refusal.message).toContain(part);
    expect(refusal.remedy).toContain(remedy);
  });

  test.each([
    ['num_train_timesteps', 0],
    ['beta_end', 1],
    ['beta_start', -1],
    ['trained_betas', [0.1, 0.2]],
    ['sigma_min', 0],
    ['clip_sample_range', 0],
  ])('%s = %j is not a valid configuration', (key, value) => {
    const refusal = refusalOf({ _class_name: 'DDIMScheduler', [key]: value });
    expect(refusal.code).toBe('model_config_invalid');
    expect(refusal.message).toContain(key);
  });

  test('levels spaced in two ways at once are refused', () => {
    const json = { _class_name: 'EulerDiscreteScheduler', use_karras_sigmas: true, use_exponential_sigmas: true };
    expect(refusalOf(json).message).toContain('cannot both be true');
  });
});

function refusalOf(json: unknown): EngineError {
  try {
    parseSamplingConfig(new JsonConfig(json, file));
  } catch (thrown) {
    if (thrown instanceof EngineError) return thrown;
  }
  throw new Error('nothing was refused');
}
