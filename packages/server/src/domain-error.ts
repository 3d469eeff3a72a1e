import type { ErrorCode } from '@easel/contract';
import { CodedError, type CodedErrorOptions } from '@easel/errors';

export interface DomainErrorDetails extends CodedErrorOptions {
  /** The field of the request that is at fault. */
  readonly param?: string;
  /** When it is worth trying again. */
  readonly retryAfterSeconds?: number;
}

/** The only error class that leaves the domain; its code is one that replies carry. */
export class DomainError extends CodedError<ErrorCode> {
  readonly param: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, message: string, { param, retryAfterSeconds, ...options }: DomainErrorDetails = {}) {
    super(code, message, options);
    this.name = 'DomainError';
    this.param = param;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
