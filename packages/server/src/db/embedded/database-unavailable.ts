import { StartupError, type StartupErrorCode } from '../../startup-error.ts';

interface Options {
  readonly cause?: unknown;
  /** Default: `database_unavailable`. */
  readonly code?: StartupErrorCode;
}

/** Why the embedded database, or its data folder, cannot be used. */
export class DatabaseUnavailable extends StartupError {
  constructor(message: string, remedy: string, { cause, code = 'database_unavailable' }: Options = {}) {
    super(code, message, { remedy, cause });
    this.name = 'DatabaseUnavailable';
  }
}
