import type { Device, ErrorCode, FilledRequest, Profile, StyleTexts, WorkerEngine } from '@easel/contract';
import type { PromptSyntax } from '@easel/parameters';
import { DomainError, type DomainErrorDetails } from '../domain-error.ts';
import type { ModelCard } from './model-card.ts';

export interface PaintStep {
  /** 1 … total, over all samples. */
  readonly index: number;
  readonly total: number;
  readonly sigma: number;
  /** Estimated milliseconds to the end. */
  readonly etaMs: number;
  /** Present when the request asks for previews: makes a small JPEG file of the picture so far. */
  readonly preview?: () => Promise<Uint8Array>;
}

/** One of several pictures is finished, or that of a draft. */
export interface PaintedSample {
  /** 0 … samples − 1. */
  readonly sample: number;
  /** A small JPEG file of it. */
  readonly preview: () => Promise<Uint8Array>;
}

export interface PaintedImage {
  /** A file of the request's format. */
  readonly bytes: Uint8Array;
  readonly seed: number;
  readonly width: number;
  readonly height: number;
}

export interface Painting {
  /** The real name of the model that drew, such as `easel-demo`. */
  readonly model: string;
  readonly profile: Profile;
  readonly device: Device;
  /** None of a draft. */
  readonly images: readonly PaintedImage[];
  /** Steps that were really done, over all samples: fewer than asked for when a run starts from a picture. */
  readonly steps: number;
  /** Milliseconds of these steps, and of all the rest. */
  readonly denoiseMs: number;
  readonly otherMs: number;
}

/** How one text encoder sees a text. */
export interface EncoderTokens {
  readonly encoder: string;
  /** The tokens that are read, markers not among them. */
  readonly ids: readonly number[];
  /** Tokens of the whole text. */
  readonly count: number;
  readonly limit: number;
  /** The part that is cut off. */
  readonly truncated: string;
}

/** A run that failed. */
export class PaintingFailed extends DomainError {
  /** Whether the same request may succeed in a new process. */
  readonly isWorthRetrying: boolean;

  constructor(code: ErrorCode, message: string, options: DomainErrorDetails & { readonly isWorthRetrying: boolean }) {
    super(code, message, options);
    this.name = 'PaintingFailed';
    this.isWorthRetrying = options.isWorthRetrying;
  }
}

/** A request with what its style stands for; absent: it names none. */
export type PaintedRequest = FilledRequest & { readonly styleTexts?: StyleTexts };

/** The files that a run starts from. */
export interface PaintStart {
  readonly image: Uint8Array;
  /** What of the image is repainted; null: all of it may change. */
  readonly mask: Uint8Array | null;
}

export interface PaintOptions {
  readonly signal: AbortSignal;
  /** What to start from; absent or null: from noise alone. */
  readonly start?: PaintStart | null;
  readonly onStep: (step: PaintStep) => void;
  /** Called for all pictures but the last, if the request asks for previews; of a draft for all. */
  readonly onSample?: (sample: PaintedSample) => void;
  /** Whether nothing but the small pictures of `onSample` is wanted: no files are made, and steps have no previews. Absent: no. */
  readonly isDraft?: boolean;
}

export interface Painter {
  /** The default model first. */
  models(): readonly ModelCard[];
  /** Looks again at what may have changed in the models' folders. */
  refreshModels(): Promise<void>;
  /**
   * Makes the pictures, in another process: that of the fastest engine of the model that is free. Each runs one request at a time.
   *
   * @throws PaintingFailed, or the signal's reason once it is aborted
   */
  paint(request: PaintedRequest, options: PaintOptions): Promise<Painting>;
  /** @throws DomainError `not_found` for a model it does not have */
  tokenize(model: string, text: string, syntax?: PromptSyntax): Promise<readonly EncoderTokens[]>;
  /** Every engine: those of the default model first, in the order of their cards. */
  engines(): readonly WorkerEngine[];
  /**
   * Whether one of the model's engines is needed. Of several for graphics cards that cannot be used only one is, on the CPU.
   *
   * @param index 0, 1, … of `engines` at the start
   */
  isNeeded(model: string, index: number, signal: AbortSignal): Promise<boolean>;
  /** Makes a picture of a few steps with one of the model's engines, after which that engine is known to work. @param index 0, 1, … of `engines` */
  warmUp(model: string, index: number, signal: AbortSignal): Promise<Painting>;
  /** Resident bytes of each model's processes, memory-mapped weights included; a model without a process, or without a reading, is absent. */
  memory(): Promise<ReadonlyMap<string, number>>;
  close(): Promise<void>;
}
