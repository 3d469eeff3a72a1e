import type { ErrorCode } from '@easel/contract';

export interface EaselErrorDetails {
  readonly status: number;
  readonly code: ErrorCode | 'unknown';
  /** The field that is at fault. */
  readonly param?: string;
  /** Names the request in the server's log. */
  readonly requestId?: string;
  /** Seconds after which the same request may be answered otherwise. */
  readonly retryAfter?: number;
  readonly remainingCredits?: number;
}

/** The server refused the request, or could not do it. The message is the server's: what was sent, what is allowed, what to do. */
export class EaselError extends Error {
  override readonly name = 'EaselError';
  readonly status: number;
  readonly code: ErrorCode | 'unknown';
  readonly param: string | undefined;
  readonly requestId: string | undefined;
  readonly retryAfter: number | undefined;
  readonly remainingCredits: number | undefined;

  constructor(message: string, details: EaselErrorDetails) {
    super(message);
    this.status = details.status;
    this.code = details.code;
    this.param = details.param;
    this.requestId = details.requestId;
    this.retryAfter = details.retryAfter;
    this.remainingCredits = details.remainingCredits;
  }
}

/** Nobody answered, or the answer broke off. */
export class EaselConnectionError extends Error {
  override readonly name = 'EaselConnectionError';

  constructor(server: string, cause: unknown) {
    super(`the Easel server at ${server} cannot be reached; is it running, and is the address right?`, { cause });
  }
}

/** A job ended without pictures: it failed or was cancelled, and nothing was charged. */
export class EaselJobError extends Error {
  override readonly name = 'EaselJobError';
  readonly jobId: string;
  readonly code: ErrorCode;

  constructor(jobId: string, { code, message }: { readonly code: ErrorCode; readonly message: string }) {
    super(message);
    this.jobId = jobId;
    this.code = code;
  }
}
