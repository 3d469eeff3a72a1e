import type { ErrorCode, FilledRequest, Profile } from '@easel/contract';
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

export interface PaintOptions {
  readonly signal: AbortSignal;
  /** The file of the picture to start from; absent or null: from noise alone. */
  readonly image?: Uint8Array | null;
  readonly onStep: (step: PaintStep) => void;
}

export interface Painter {
  /** The default model first. */
  models(): readonly ModelCard[];
  /**
   * Makes the pictures, in another process, one request at a time for each model.
   *
   * @throws PaintingFailed, or the signal's reason once it is aborted
   */
  paint(request: FilledRequest, options: PaintOptions): Promise<Painting>;
  /** @throws DomainError `not_found` for a model it does not have */
  tokenize(model: string, text: string): Promise<readonly EncoderTokens[]>;
  /** Makes a picture of a few steps, after which the model is known to work. */
  warmUp(model: string, signal: AbortSignal): Promise<Painting>;
  /** Whether the model has made a picture; stays true when its idle process is stopped. */
  isReady(model: string): boolean;
  /** Resident bytes of each model's process, memory-mapped weights included; a model without a process, or without a reading, is absent. */
  memory(): Promise<ReadonlyMap<string, number>>;
  close(): Promise<void>;
}
