import type { AllowedValues, ErrorCode, Scheduler, SizeLimits } from '@easel/contract';
import { DomainError, type DomainErrorDetails } from '../domain-error.ts';
import type { JobRequest } from '../jobs/job-request.ts';

/** What is known of a model without running it. */
export interface ModelCard {
  /** The name that requests use. */
  readonly slug: string;
  /** What it really is, such as `easel-demo`. */
  readonly name: string;
  readonly isDefault: boolean;
  /** Whether it is the small model that comes along. */
  readonly isEmbedded: boolean;
  /** What its card says of whose work it is; undefined where the card says nothing. */
  readonly licence:
    | { readonly name: string; readonly link?: string; readonly attributions: readonly string[] }
    | undefined;
  readonly defaults: {
    readonly width: number;
    readonly height: number;
    readonly steps: number;
    readonly guidanceScale: number;
    readonly scheduler: Scheduler;
  };
  readonly sizes: SizeLimits;
  /** What the other fields of a request may be, where it is not all that the API allows. */
  readonly allowed: AllowedValues;
}

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

/** No picture came of it. */
export class PaintingFailed extends DomainError {
  /** Whether the same request may do better in a fresh process. */
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
   * Draws; the work is done in another process, one request after another for each model.
   *
   * @throws PaintingFailed, or the signal's reason once it is aborted
   */
  paint(request: JobRequest, options: PaintOptions): Promise<Painting>;
  /** @throws DomainError `not_found` for a model it does not have */
  tokenize(model: string, text: string): Promise<readonly EncoderTokens[]>;
  /** Draws a picture of a few steps, after which the model is known to work. */
  warmUp(model: string, signal: AbortSignal): Promise<Painting>;
  /** Whether the model has drawn once; it stays so when its process is ended for lack of work. */
  isReady(model: string): boolean;
  /** Bytes that each model's process occupies, mapped weights included; those that do not run, or of which the system tells nothing, are absent. */
  memory(): Promise<ReadonlyMap<string, number>>;
  close(): Promise<void>;
}
