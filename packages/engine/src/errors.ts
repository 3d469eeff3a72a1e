import { type Code, CodedError, type CodedErrorOptions, messageOf } from '@easel/errors';

/** Who has to act: the caller (`invalid`), the owner of the model's files (`model`) or of the machine (`resources`), or us (`internal`). */
export type ErrorKind = 'invalid' | 'model' | 'resources' | 'internal' | 'cancelled';

/** The error codes of the catalogue that the engine can return. */
const kinds = {
  invalid_request: 'invalid',
  model_not_found: 'model',
  model_file_missing: 'model',
  model_config_invalid: 'model',
  model_unsupported: 'model',
  weights_corrupt: 'model',
  tensor_missing: 'model',
  tensor_shape: 'model',
  tensor_dtype: 'model',
  image_unreadable: 'invalid',
  picture_not_finite: 'model',
  out_of_memory: 'resources',
  device_unavailable: 'resources',
  device_lost: 'internal',
  inference_failed: 'internal',
  engine_crashed: 'internal',
  engine_hung: 'internal',
  engine_closed: 'internal',
  cancelled: 'cancelled',
  internal: 'internal',
} as const satisfies Partial<Record<Code, ErrorKind>>;

export type EngineErrorCode = keyof typeof kinds;

/** Where in a request or a checkpoint the error is; only known fields are set. */
export interface EngineErrorDetails {
  readonly param?: string;
  readonly file?: string;
  readonly tensor?: string;
}

export interface EngineErrorOptions extends CodedErrorOptions {
  readonly details?: EngineErrorDetails;
}

/** The only error class that leaves this package. */
export class EngineError extends CodedError<EngineErrorCode> {
  readonly details: EngineErrorDetails;

  constructor(code: EngineErrorCode, message: string, options: EngineErrorOptions = {}) {
    super(code, message, options);
    this.name = 'EngineError';
    this.details = options.details ?? {};
  }

  get kind(): ErrorKind {
    return kinds[this.code];
  }
}

export function isEngineErrorCode(code: string): code is EngineErrorCode {
  return Object.hasOwn(kinds, code);
}

/** Wraps whatever was thrown exactly once; an `EngineError` passes through. */
export function toEngineError(thrown: unknown, code: EngineErrorCode = 'internal'): EngineError {
  if (thrown instanceof EngineError) return thrown;
  return new EngineError(code, messageOf(thrown), { cause: thrown });
}

/** The error of a call whose signal was aborted. */
export function cancelledError(): EngineError {
  return new EngineError('cancelled', 'the run was cancelled');
}

/** The error for an aborted signal: its reason if that is an `EngineError`, else `cancelled`. */
export function abortError(signal: AbortSignal): EngineError {
  return signal.reason instanceof EngineError ? signal.reason : cancelledError();
}
