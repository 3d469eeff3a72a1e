import { EngineError } from '../errors.ts';
import type { JsonConfig } from '../json-config.ts';
import type { SchedulerName, SchedulerOverrides } from '../model.ts';

/** Everything that decides the noise levels and the solver; the names are those of scheduler_config.json. */
export interface SchedulerConfig {
  readonly algorithm: SchedulerName;
  /** The lowest and highest noise level of the schedule, in units of the latents. */
  readonly sigmaMin: number;
  readonly sigmaMax: number;
  /** Standard deviation of the training data (Karras et al. 2022, table 1). */
  readonly sigmaData: number;
  /** Bends the Karras schedule: the larger, the more steps at low noise (ibid. eq. 5). */
  readonly rho: number;
  readonly sigmaSchedule: 'karras' | 'exponential';
  readonly solverOrder: 1 | 2 | 3;
  readonly solverType: 'midpoint' | 'heun';
  /** The level after the last step: 0, or `sigmaMin`, which makes the last step do nothing. */
  readonly finalSigmas: 'zero' | 'sigma_min';
  readonly lowerOrderFinal: boolean;
  readonly eulerAtFinal: boolean;
  readonly predictionType: 'epsilon' | 'v_prediction';
  /** Dynamic thresholding of the denoised latents; absent: none. */
  readonly thresholding?: { readonly ratio: number; readonly sampleMaxValue: number };
}

const algorithms = new Map<string, SchedulerName>([
  ['EDMDPMSolverMultistepScheduler', 'edm_dpmpp_2m'],
  ['EDMEulerScheduler', 'edm_euler'],
]);

const remedies = {
  _class_name:
    'a model with another sampler (ordinary SDXL among them) is not supported; use one trained with EDM, such as Playground v2.5',
  algorithm_type: 'write "dpmsolver++" there',
  prediction_type: 'use a checkpoint with epsilon prediction, such as Playground v2.5',
  sigma_schedule: 'write "karras" there',
  solver_order: 'write 2 there',
  solver_type: 'write "midpoint" there',
  final_sigmas_type: 'write "zero" there',
} as const;

/**
 * Reads a diffusers scheduler_config.json. Absent keys have the reference's defaults, unknown keys are ignored; the keys of both
 * schedulers are read whichever is named, because a request may choose the other.
 *
 * @throws EngineError `model_unsupported` for schedulers, solvers and predictions this engine does not have;
 *   `model_config_invalid` for values of a wrong type or range
 */
export function parseSchedulerConfig(config: JsonConfig): SchedulerConfig {
  choice(config, 'algorithm_type', ['dpmsolver++'], 'dpmsolver++');
  const sigmaMin = positive(config, 'sigma_min', 0.002);
  const sigmaMax = positive(config, 'sigma_max', 80);
  if (sigmaMin >= sigmaMax) {
    throw invalid(config.file, `sigma_min must be less than sigma_max (got ${sigmaMin} and ${sigmaMax})`);
  }
  return {
    algorithm: algorithmOf(config),
    sigmaMin,
    sigmaMax,
    sigmaData: positive(config, 'sigma_data', 0.5),
    rho: positive(config, 'rho', 7),
    sigmaSchedule: choice(config, 'sigma_schedule', ['karras', 'exponential'], 'karras'),
    solverOrder: choice(config, 'solver_order', [1, 2, 3], 2),
    solverType: choice(config, 'solver_type', ['midpoint', 'heun'], 'midpoint'),
    finalSigmas: choice(config, 'final_sigmas_type', ['zero', 'sigma_min'], 'zero'),
    lowerOrderFinal: config.boolean('lower_order_final', true),
    eulerAtFinal: config.boolean('euler_at_final', false),
    predictionType: choice(config, 'prediction_type', ['epsilon'], 'epsilon'),
    ...(config.boolean('thresholding', false) && { thresholding: thresholdingOf(config) }),
  };
}

/** The model's configuration with what a request changes of it. */
export function withOverrides(
  config: SchedulerConfig,
  { name, overrides = {} }: { readonly name?: SchedulerName; readonly overrides?: SchedulerOverrides },
): SchedulerConfig {
  return {
    ...config,
    algorithm: name ?? config.algorithm,
    solverOrder: overrides.solverOrder ?? config.solverOrder,
    solverType: overrides.solverType ?? config.solverType,
    sigmaSchedule: overrides.sigmaSchedule ?? config.sigmaSchedule,
  };
}

function algorithmOf(config: JsonConfig): SchedulerName {
  const className = config.string('_class_name', 'EDMDPMSolverMultistepScheduler');
  const algorithm = algorithms.get(className);
  if (algorithm === undefined) throw unsupported(config.file, '_class_name', className, [...algorithms.keys()]);
  return algorithm;
}

function thresholdingOf(config: JsonConfig): { ratio: number; sampleMaxValue: number } {
  const ratio = config.number('dynamic_thresholding_ratio', 0.995);
  if (ratio < 0 || ratio > 1) {
    throw invalid(config.file, `dynamic_thresholding_ratio must be between 0 and 1 (got ${ratio})`);
  }
  return { ratio, sampleMaxValue: positive(config, 'sample_max_value', 1) };
}

function positive(config: JsonConfig, key: string, fallback: number): number {
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
  if (chosen === undefined) throw unsupported(config.file, key, given, allowed);
  return chosen;
}

function unsupported(
  file: string,
  key: keyof typeof remedies,
  given: string | number,
  allowed: readonly (string | number)[],
): EngineError {
  const list = allowed.map((value) => JSON.stringify(value)).join(' or ');
  return new EngineError(
    'model_unsupported',
    `${file}: ${key} is ${JSON.stringify(given)}, this engine has ${list}; ${remedies[key]}`,
    { details: { file } },
  );
}

function invalid(file: string, problem: string): EngineError {
  return new EngineError(
    'model_config_invalid',
    `${file}: ${problem}; use the file as it was published with the model`,
    {
      details: { file },
    },
  );
}
