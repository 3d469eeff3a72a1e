import type { ErrorCode, ErrorShape } from '@easel/contract';

export interface EaselErrorDetails {
  readonly status: number;
  readonly code: ErrorCode | 'unknown';
  /** What to do about it. */
  readonly remedy?: string;
  /** The field that is at fault. */
  readonly param?: string;
  /** Names the request in the server's log. */
  readonly requestId?: string;
  /** Seconds after which the same request may be answered otherwise. */
  readonly retryAfter?: number;
  readonly remainingCredits?: number;
}

/** The server refused the request, or could not do it. The message is the server's: what was sent and what is allowed. */
export class EaselError extends Error implements ErrorShape<ErrorCode | 'unknown'> {
  override readonly name = 'EaselError';
  readonly status: number;
  readonly code: ErrorCode | 'unknown';
  /** What to do about it, in the server's words; undefined when it did not say. */
  readonly remedy: string | undefined;
  readonly param: string | undefined;
  readonly requestId: string | undefined;
  readonly retryAfter: number | undefined;
  readonly remainingCredits: number | undefined;

  constructor(message: string, details: EaselErrorDetails) {
    super(message);
    this.status = details.status;
    this.code = details.code;
    this.remedy = details.remedy;
    this.param = details.param;
    this.requestId = details.requestId;
    this.retryAfter = details.retryAfter;
    this.remainingCredits = details.remainingCredits;
  }
}

/** Nobody answered, or the answer broke off. */
export class EaselConnectionError extends Error implements ErrorShape<'server_unreachable'> {
  override readonly name = 'EaselConnectionError';
  readonly code = 'server_unreachable';
  readonly remedy = 'check that it is running and that the address is right';

  constructor(server: string, cause: unknown) {
    super(`the Easel server at ${server} cannot be reached`, { cause });
  }
}

/** A job ended without pictures: it failed or was cancelled, and nothing was charged. The message says what to do, too. */
export class EaselJobError extends Error implements ErrorShape<ErrorCode> {
  override readonly name = 'EaselJobError';
  readonly jobId: string;
  readonly code: ErrorCode;
  readonly remedy = undefined;

  constructor(jobId: string, { code, message }: { readonly code: ErrorCode; readonly message: string }) {
    super(message);
    this.jobId = jobId;
    this.code = code;
  }
}
