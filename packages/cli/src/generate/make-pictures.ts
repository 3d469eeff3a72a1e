import {
  createEngineHost,
  type EngineHost,
  type GenerateResult,
  type HostOptions,
  type ModelInfo,
} from '@easel/engine';
import type { Progress } from '../progress/progress.ts';
import type { PreparedRun } from './prepare-run.ts';
import type { PreviewFeed } from './preview.ts';

export interface MadePictures {
  readonly info: ModelInfo;
  readonly result: GenerateResult;
}

export interface Watching {
  readonly signal: AbortSignal;
  readonly progress: Progress;
  readonly previews: PreviewFeed | undefined;
}

export interface ModelWatching {
  readonly signal: AbortSignal;
  readonly progress: Progress;
  /** Told what the engine's process does and writes. */
  readonly log?: ((line: string) => void) | undefined;
}

export interface RunningModel extends AsyncDisposable {
  readonly host: EngineHost;
}

/** Loads the model in a process of its own; an abort ends that process at once. */
export async function loadModel(
  { flags, modelName, modelPath }: PreparedRun,
  { signal, progress, log }: ModelWatching,
): Promise<RunningModel> {
  progress.begin(`loading ${modelName}`);
  const host = await createEngineHost({
    model: modelPath,
    load: loadOptions(flags),
    signal,
    onLog: ({ message }) => log?.(message),
  });
  const close = () => void host.close();
  signal.addEventListener('abort', close);
  return {
    host,
    [Symbol.asyncDispose]: async () => {
      signal.removeEventListener('abort', close);
      await host.close();
    },
  };
}

/** Makes the pictures of one run. */
export async function makePictures(
  { host }: RunningModel,
  { request }: PreparedRun,
  { signal, progress, previews }: Watching,
): Promise<MadePictures> {
  try {
    signal.throwIfAborted();
    progress.begin('reading the prompt');
    const result = await host.generate(request, {
      signal,
      onStep: (step) => {
        progress.step(step);
        if (step.preview !== undefined) previews?.update(step.preview);
      },
      ...(previews !== undefined && { previewEvery: previewInterval(request.steps ?? host.info.defaults.steps) }),
    });
    return { info: host.info, result };
  } finally {
    await previews?.settled();
  }
}

/** About a dozen previews in a run: enough to watch, too few to slow it down. */
function previewInterval(steps: number): number {
  return Math.max(1, Math.round(steps / 12));
}

function loadOptions({ threads, modelConfig, variant }: PreparedRun['flags']): NonNullable<HostOptions['load']> {
  return {
    ...(threads !== undefined && { threads }),
    ...(modelConfig !== undefined && { config: modelConfig }),
    ...(variant !== undefined && { variant }),
  };
}
