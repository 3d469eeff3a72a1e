import { EngineError } from '../errors.ts';
import type { JsonConfig } from '../json-config.ts';
import type { Prediction } from './parameterisations.ts';
import type { SolverOptions } from './samplers/sampler.ts';
import { type SamplerName, samplerEntry, samplerOfClass, samplers } from './samplers/table.ts';
import type { DiscreteNoise } from './schedules/discrete.ts';
import type { EdmNoise } from './schedules/edm.ts';

/** Everything that determines how a model is sampled. */
export interface SamplingConfig {
  readonly sampler: SamplerName;
  readonly noise: EdmNoise | DiscreteNoise;
  readonly prediction: Prediction;
  readonly solver: SolverOptions;
}

/** Features of the reference that this engine does not have, by the key that requests them, with the remedy. */
const remedies = {
  algorithm_type: 'write "dpmsolver++" there',
  beta_schedule: 'write "scaled_linear" there if the model is of the SDXL line, or give trained_betas',
  final_sigmas_type: 'write "zero" there',
  interpolation_type: 'write "linear" there',
  predict_x0: 'write true there',
  prediction_type: 'use a checkpoint with epsilon prediction, such as Playground v2.5',
  rescale_betas_zero_snr: 'write false there: a network that predicts noise says nothing of an input that is all noise',
  sigma_schedule: 'write "karras" there',
  solver_order: 'write 2 there',
  solver_p: 'write null there',
  solver_type: 'write "midpoint" there',
  timestep_spacing: 'write "trailing" there',
  timestep_type: 'write "discrete" there',
  use_beta_sigmas: 'write false there, or use_karras_sigmas instead',
  use_dynamic_shifting: 'write false there',
  use_flow_sigmas: 'write false there; models trained by flow matching are not supported',
  use_lu_lambdas: 'write false there, or use_karras_sigmas instead',
  variance_type: 'use a checkpoint that does not learn its variance',
} as const;

/**
 * Reads a diffusers scheduler_config.json. Absent keys have the reference's defaults, unknown keys are ignored; the keys of all samplers
 * are read whichever one is named, because a request may choose another.
 *
 * @throws EngineError `model_unsupported` for schedulers, solvers and predictions this engine does not have;
 *   `model_config_invalid` for values of a wrong type or range
 */
export function parseSamplingConfig(given: JsonConfig): SamplingConfig {
  const className = given.string('_class_name', samplers.edm_dpmpp_2m.className);
  const sampler = samplerOfClass(className);
  if (sampler === undefined) {
    const known = Object.values(samplers).map((entry) => entry.className);
    throw unsupportedValue(given.file, '_class_name', className, known, 'use a model whose sampler is one of them');
  }
  const { traits, defaults = {} } = samplerEntry(sampler);
  const config = given.over(defaults);
  return traits.kind === 'edm' ? edmConfig(sampler, config) : discreteConfig(sampler, config);
}

/** What a request may change. */
export interface SamplingOverrides {
  readonly solverOrder?: SolverOptions['solverOrder'];
  readonly solverType?: SolverOptions['solverType'];
  readonly sigmaSchedule?: EdmNoise['sigmaSchedule'];
}

/** The model's configuration with a request's changes applied. */
export function withOverrides(config: SamplingConfig, overrides: SamplingOverrides = {}): SamplingConfig {
  const { noise, solver } = config;
  return {
    ...config,
    noise: withSpacing(noise, overrides),
    solver: {
      ...solver,
      solverOrder: overrides.solverOrder ?? solver.solverOrder,
      solverType: overrides.solverType ?? solver.solverType,
    },
  };
}

function withSpacing(noise: SamplingConfig['noise'], { sigmaSchedule }: SamplingOverrides): SamplingConfig['noise'] {
  if (sigmaSchedule === undefined) return noise;
  return noise.kind === 'edm' ? { ...noise, sigmaSchedule } : { ...noise, bySigma: sigmaSchedule };
}

function edmConfig(sampler: SamplerName, config: JsonConfig): SamplingConfig {
  choice(config, 'algorithm_type', ['dpmsolver++'], 'dpmsolver++');
  const sigmaMin = positive(config, 'sigma_min', 0.002);
  const sigmaMax = positive(config, 'sigma_max', 80);
  if (sigmaMin >= sigmaMax) {
    throw invalid(config.file, `sigma_min must be less than sigma_max (got ${sigmaMin} and ${sigmaMax})`);
  }
  const sigmaSchedule = choice(config, 'sigma_schedule', ['karras', 'exponential'], 'karras');
  return {
    sampler,
    noise: {
      kind: 'edm',
      sigmaMin,
      sigmaMax,
      sigmaData: positive(config, 'sigma_data', 0.5),
      rho: positive(config, 'rho', 7),
      sigmaSchedule,
    },
    prediction: choice(config, 'prediction_type', ['epsilon'], 'epsilon'),
    solver: solverOptions(config, choice(config, 'solver_type', ['midpoint', 'heun'], 'midpoint')),
  };
}

function discreteConfig(sampler: SamplerName, config: JsonConfig): SamplingConfig {
  refuseUnsupported(config);
  const prediction = choice(config, 'prediction_type', ['epsilon', 'v_prediction', 'sample'], 'epsilon');
  const zeroSnr = config.boolean('rescale_betas_zero_snr', false);
  if (zeroSnr && prediction === 'epsilon') throw unsupportedKey(config, 'rescale_betas_zero_snr', true, [false]);
  // each kind of solver maps the other's names to its own first one, as in the reference
  const given = choice(config, 'solver_type', ['midpoint', 'heun', 'bh1', 'bh2', 'logrho'], 'midpoint');
  const solver = solverOptions(config, given === 'heun' ? 'heun' : 'midpoint');
  const bySigma = (['karras', 'exponential'] as const).filter((kind) => config.boolean(`use_${kind}_sigmas`, false));
  if (bySigma.length > 1)
    throw invalid(config.file, 'use_karras_sigmas and use_exponential_sigmas cannot both be true');
  const trainTimesteps = config.int('num_train_timesteps', 1000);
  return {
    sampler,
    noise: {
      kind: 'discrete',
      trainTimesteps,
      betas: betasOf(config, trainTimesteps),
      zeroSnr,
      spacing: choice(config, 'timestep_spacing', ['leading', 'trailing', 'linspace'], 'linspace'),
      stepsOffset: config.number('steps_offset', 0),
      bySigma: bySigma[0],
      sigmaMin: config.has('sigma_min') ? positive(config, 'sigma_min') : undefined,
      sigmaMax: config.has('sigma_max') ? positive(config, 'sigma_max') : undefined,
      setAlphaToOne: config.boolean('set_alpha_to_one', true),
      originalSteps: Math.min(config.int('original_inference_steps', 50), trainTimesteps),
      lambdaMinClipped: config.has('lambda_min_clipped') ? config.number('lambda_min_clipped') : -Infinity,
    },
    prediction,
    solver: { ...solver, unipcType: given === 'bh1' ? 'bh1' : 'bh2', ...clipOf(config) },
  };
}

function solverOptions(config: JsonConfig, solverType: SolverOptions['solverType']): SolverOptions {
  return {
    solverOrder: choice(config, 'solver_order', [1, 2, 3], 2),
    solverType,
    unipcType: 'bh2',
    lowerOrderFinal: config.boolean('lower_order_final', true),
    eulerAtFinal: config.boolean('euler_at_final', false),
    finalSigmas: choice(config, 'final_sigmas_type', ['zero', 'sigma_min'], 'zero'),
    uncorrected: config.numbers('disable_corrector') ?? [],
    eta: undefined,
    timestepScaling: config.number('timestep_scaling', 10),
    ...(config.boolean('thresholding', false) && { thresholding: thresholdingOf(config) }),
  };
}

function refuseUnsupported(config: JsonConfig): void {
  choice(config, 'algorithm_type', ['dpmsolver++'], 'dpmsolver++');
  choice(config, 'interpolation_type', ['linear'], 'linear');
  choice(config, 'timestep_type', ['discrete'], 'discrete');
  for (const key of ['use_beta_sigmas', 'use_lu_lambdas', 'use_flow_sigmas', 'use_dynamic_shifting'] as const) {
    if (config.boolean(key, false)) throw unsupportedKey(config, key, true, [false]);
  }
  if (!config.boolean('predict_x0', true)) throw unsupportedKey(config, 'predict_x0', false, [true]);
  if (config.has('solver_p')) throw unsupportedKey(config, 'solver_p', 'a scheduler', [null]);
  const variance = config.string('variance_type', 'fixed_small');
  if (variance.startsWith('learned')) throw unsupportedKey(config, 'variance_type', variance, [null]);
}

function betasOf(config: JsonConfig, trainTimesteps: number): DiscreteNoise['betas'] {
  const trained = config.numbers('trained_betas');
  const isRate = (beta: number) => beta > 0 && beta < 1;
  if (trained) {
    if (trained.length === trainTimesteps && trained.every(isRate)) return trained;
    const wanted = `as many numbers between 0 and 1 as num_train_timesteps (${trainTimesteps})`;
    throw invalid(config.file, `trained_betas must be ${wanted} (got ${trained.length})`);
  }
  const [start, end] = [positive(config, 'beta_start', 0.0001), positive(config, 'beta_end', 0.02)];
  if (!isRate(start) || !isRate(end)) {
    throw invalid(config.file, `beta_start and beta_end must be less than 1 (got ${start} and ${end})`);
  }
  const kind = choice(config, 'beta_schedule', ['linear', 'scaled_linear', 'squaredcos_cap_v2'], 'linear');
  return { kind, start, end };
}

function thresholdingOf(config: JsonConfig): { ratio: number; sampleMaxValue: number } {
  const ratio = config.number('dynamic_thresholding_ratio', 0.995);
  if (ratio < 0 || ratio > 1) {
    throw invalid(config.file, `dynamic_thresholding_ratio must be between 0 and 1 (got ${ratio})`);
  }
  return { ratio, sampleMaxValue: positive(config, 'sample_max_value', 1) };
}

function clipOf(config: JsonConfig): { clip?: number } {
  return config.boolean('clip_sample', false) ? { clip: positive(config, 'clip_sample_range', 1) } : {};
}

function positive(config: JsonConfig, key: string, fallback?: number): number {
  const value = config.number(key, fallback);
  if (value > 0) return value;
  throw invalid(config.file, `${key} must be greater than 0 (got ${value})`);
}

function choice<const T extends string | number>(
  config: JsonConfig,
  key: keyof typeof remedies,
  allowed: readonly T[],
  fallback: T,
): T {
  const given = typeof fallback === 'number' ? config.number(key, fallback) : config.string(key, fallback);
  const chosen = allowed.find((value) => value === given);
  if (chosen === undefined) throw unsupportedKey(config, key, given, allowed);
  return chosen;
}

type Scalar = string | number | boolean | null;

function unsupportedKey(
  { file }: JsonConfig,
  key: keyof typeof remedies,
  given: Scalar,
  allowed: readonly Scalar[],
): EngineError {
  return unsupportedValue(file, key, given, allowed, remedies[key]);
}

/** The error for a value that this engine does not implement. */
export function unsupportedValue(
  file: string,
  key: string,
  given: Scalar,
  allowed: readonly Scalar[],
  remedy: string,
): EngineError {
  const list = allowed.map((value) => JSON.stringify(value)).join(' or ');
  return new EngineError('model_unsupported', `${file}: ${key} is ${JSON.stringify(given)}, this engine has ${list}`, {
    remedy,
    details: { file },
  });
}

function invalid(file: string, problem: string): EngineError {
  return new EngineError('model_config_invalid', `${file}: ${problem}`, { details: { file } });
}
