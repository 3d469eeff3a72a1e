import { AdapterShelf, type OpenAdapter } from '../adapters/adapter-shelf.ts';
import { openCheckpoint, readTokenizers } from '../checkpoints/open-checkpoint.ts';
import { type EngineError, toEngineError } from '../errors.ts';
import { familySampling } from '../families/families.ts';
import { parseSdxlConfigs } from '../families/sdxl-architecture.ts';
import type { LoadOptions, LoraRequest, ModelInfo } from '../model.ts';
import type { SamplingConfig } from '../sampling/config.ts';
import { findTensorProblems } from './check-tensors.ts';
import { findModel } from './find-model.ts';
import { int8FileOf } from './int8-weights.ts';
import { adaptedModel, modelDefaults, modelInfo } from './model-info.ts';
import { Int8Source, profilesOf } from './precision.ts';

/** How a model is sampled, according to its scheduler_config.json, with defaults filled in. */
export type SchedulerReport = NonNullable<ReturnType<typeof schedulerReport>>;

/** What is known about a model without running it. */
export interface ModelReport {
  readonly path: string;
  /** Undefined when the configuration could not be read; `problems` says why. */
  readonly info: Omit<ModelInfo, 'device'> | undefined;
  readonly scheduler: SchedulerReport | undefined;
  /** Where its weights in 8 bits are looked for: the file may be made at any time. */
  readonly int8File: string | undefined;
  /** Everything that is missing or wrong; empty: the model loads. */
  readonly problems: readonly EngineError[];
}

/** What says where a model's parts are. */
export type PartOptions = Pick<LoadOptions, 'config' | 'variant' | 'family' | 'unet' | 'vae'>;

export type InspectOptions = PartOptions & Pick<LoadOptions, 'int8File'>;

/** See `inspectModel`. */
export async function reportOf(pathOrName: string, options: InspectOptions): Promise<ModelReport> {
  let path = pathOrName;
  try {
    path = findModel(pathOrName, process.env);
    const checkpoint = await openCheckpoint(path, options);
    path = checkpoint.path;
    const { family } = checkpoint;
    const configs = parseSdxlConfigs(checkpoint.components);
    const sampling = familySampling(family, checkpoint.scheduler);
    const profiles = profilesOf(new Int8Source(checkpoint, configs, options.int8File));
    const info = modelInfo(checkpoint, configs, modelDefaults(family, configs, sampling.sampler), profiles);
    const tokenizerProblem = await readTokenizers(checkpoint).then(
      () => [],
      (thrown: unknown) => [toEngineError(thrown)],
    );
    const problems = [...findTensorProblems(checkpoint, configs), ...tokenizerProblem];
    const int8File = options.int8File ?? int8FileOf(checkpoint);
    return { path, info, scheduler: schedulerReport(sampling.with(sampling.sampler)), int8File, problems };
  } catch (thrown) {
    return { path, info: undefined, scheduler: undefined, int8File: undefined, problems: [toEngineError(thrown)] };
  }
}

export type LoraInspector = (lora: Omit<LoraRequest, 'weight'>) => Promise<LoraReport>;

/** What should be known of a LoRA, and what its file says of its licence. */
export type LoraReport = Pick<OpenAdapter, 'notices' | 'licence'>;

/** See `inspectLoras`. */
export async function loraInspectorOf(pathOrName: string, options: PartOptions): Promise<LoraInspector> {
  const shelf = new AdapterShelf(adaptedModel(await openCheckpoint(findModel(pathOrName, process.env), options)));
  return async ({ file, anyBase = false }) => {
    const { notices, licence } = await shelf.open(file, anyBase);
    return { notices, licence };
  };
}

function schedulerReport({ sampler, noise, prediction, solver }: SamplingConfig) {
  if (noise.kind === 'discrete') {
    const { spacing, stepsOffset, bySigma } = noise;
    return {
      kind: noise.kind,
      algorithm: sampler,
      timestepSpacing: spacing,
      ...(spacing === 'leading' && { stepsOffset }),
      ...(bySigma !== undefined && { sigmaSchedule: bySigma }),
      predictionType: prediction,
    };
  }
  const { sigmaMin, sigmaMax, sigmaData, rho, sigmaSchedule } = noise;
  const { solverOrder, solverType, finalSigmas, lowerOrderFinal, eulerAtFinal, thresholding } = solver;
  return {
    kind: noise.kind,
    algorithm: sampler,
    ...{ sigmaMin, sigmaMax, sigmaData, rho, sigmaSchedule },
    ...{ solverOrder, solverType, finalSigmas, lowerOrderFinal, eulerAtFinal },
    predictionType: prediction,
    ...(thresholding && { thresholding }),
  };
}
