import { type EngineError, toEngineError } from '../errors.ts';
import type { ModelInfo } from '../model.ts';
import { parseSchedulerConfig, type SchedulerConfig } from '../schedulers/config.ts';
import { openCheckpoint } from '../weights/open-checkpoint.ts';
import { findTensorProblems } from './check-tensors.ts';
import { parseComponentConfigs } from './component-configs.ts';
import { findModel } from './find-model.ts';
import { modelDefaults, modelInfo } from './model-info.ts';
import { readTokenizers } from './read-tokenizers.ts';

/** What can be said of a model without running it. */
export interface ModelReport {
  readonly path: string;
  /** Undefined when not even the configuration could be read; `problems` says why. */
  readonly info: ModelInfo | undefined;
  readonly scheduler: SchedulerConfig | undefined;
  /** Everything that is missing or wrong; empty: the model loads. */
  readonly problems: readonly EngineError[];
}

/**
 * Looks at a model's files: layout, sizes, precision, and every tensor that is missing or of the wrong shape, not only the first.
 * Reads configurations and tensor headers, never the weights.
 *
 * @example
 * const { problems } = await inspectModel('./playground-v2.5');
 * for (const { message } of problems) console.error(message);
 */
export async function inspectModel(
  pathOrName: string,
  options: { readonly config?: string; readonly variant?: 'fp16' | 'fp32' } = {},
): Promise<ModelReport> {
  let path = pathOrName;
  try {
    path = findModel(pathOrName, process.env);
    const checkpoint = await openCheckpoint(path, options);
    path = checkpoint.path;
    const configs = parseComponentConfigs(checkpoint);
    const scheduler = parseSchedulerConfig(checkpoint.scheduler);
    const info = modelInfo(checkpoint, configs, modelDefaults(configs, scheduler.algorithm));
    const tokenizerProblem = await readTokenizers(checkpoint).then(
      () => [],
      (thrown: unknown) => [toEngineError(thrown)],
    );
    return { path, info, scheduler, problems: [...findTensorProblems(checkpoint, configs), ...tokenizerProblem] };
  } catch (thrown) {
    return { path, info: undefined, scheduler: undefined, problems: [toEngineError(thrown)] };
  }
}
