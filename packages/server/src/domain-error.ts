import type { ErrorCode } from '@easel/contract';

export interface DomainErrorDetails {
  /** The field of the request that is at fault. */
  readonly param?: string;
  /** When it is worth trying again. */
  readonly retryAfterSeconds?: number;
  readonly cause?: unknown;
}

/** The only error class that leaves the domain; the code is one of the contract's catalogue, which knows its status. */
export class DomainError extends Error {
  readonly code: ErrorCode;
  readonly param: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, message: string, { param, retryAfterSeconds, cause }: DomainErrorDetails = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'DomainError';
    this.code = code;
    this.param = param;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
