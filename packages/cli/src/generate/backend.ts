import type { DecodedPicture, PromptField } from '@easel/engine';
import type { OutputPlan } from '../output/plan.ts';
import type { Progress } from '../progress.ts';
import type { GenerateFlags } from './flags.ts';
import type { PreviewFeed } from './preview.ts';

/** The pictures of one prompt, before they are made. */
export interface PlannedRun {
  readonly prompt: string;
  /** One for each picture. */
  readonly seeds: readonly [number, ...number[]];
  readonly output: OutputPlan;
  /** From when its time counts (`performance.now()`); absent: from the start of the process. */
  readonly beganMs?: number;
}

export interface StartOptions {
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

export interface MakeOptions extends StartOptions {
  /** Of this run: in a prompt loop they change, all but those that the backend was opened with. */
  readonly flags: GenerateFlags;
  readonly previews: PreviewFeed | undefined;
}

/**
 * A way to make pictures: by the engine on this machine (`here.ts`) or by a server (`on-server.ts`). Opening one finds what can be
 * wrong before time is spent: the name of the model, the start image, the key.
 */
export interface Backend {
  /** Gets ready for the runs, such as by loading the model. */
  start(options: StartOptions): Promise<RunningBackend>;
}

export interface RunningBackend extends AsyncDisposable {
  /** Makes the pictures of one run, encoded in the format of its plan. */
  make(run: PlannedRun, options: MakeOptions): Promise<MadePictures>;
}

/** The part of a text that the model's encoders do not see. */
export interface TruncatedText {
  readonly field: PromptField;
  readonly text: string;
}

export interface MadePicture {
  /** The seed that makes this picture alone; null when there is none. */
  readonly seed: number | null;
  readonly width: number;
  readonly height: number;
  /** The file. */
  readonly bytes: Uint8Array;
  /** Its pixels, to be shown. */
  decode(): Promise<DecodedPicture>;
  /** What else `--json` prints about it. */
  readonly more: Readonly<Record<string, unknown>>;
}

/** The settings that were used, defaults included. */
export interface UsedSettings {
  readonly width: number;
  readonly height: number;
  /** By how much the pictures were enlarged. */
  readonly upscale?: number;
  readonly upscaler?: string;
  /** Absent: no model drew. */
  readonly steps?: number;
  /** Fewer than `steps` with a start image; a server does not tell. */
  readonly stepsRun?: number;
  readonly guidanceScale?: number;
  readonly scheduler?: string;
  readonly profile?: string;
  readonly device?: string;
  readonly arithmetic?: string;
  readonly strength?: number;
}

export interface MadePictures {
  readonly pictures: readonly MadePicture[];
  readonly used: UsedSettings;
  readonly truncated: readonly TruncatedText[];
  /** Warnings that only this backend can give. */
  readonly warnings: readonly string[];
  /** What it cost, where it cost something. */
  readonly cost?: string;
  readonly timings: Readonly<Record<string, unknown>>;
  /** What else `--json` prints about the run. */
  readonly more: Readonly<Record<string, unknown>>;
}
