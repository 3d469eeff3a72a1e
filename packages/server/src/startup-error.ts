/** Why a process of the service cannot start. `easel --help` lists the exit status of each. */
export type StartupErrorCode =
  | 'settings_invalid'
  | 'data_folder_unusable'
  | 'data_folder_in_use'
  | 'address_in_use'
  | 'database_unavailable'
  | 'database_newer'
  | 'no_server_yet'
  | 'secret_damaged';

/** A start that the operator can put right: the message says what is wrong, `remedy` what to do about it. */
export class StartupError extends Error {
  readonly code: StartupErrorCode;
  readonly remedy: string | undefined;

  constructor(
    code: StartupErrorCode,
    message: string,
    options: { readonly remedy?: string; readonly cause?: unknown },
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'StartupError';
    this.code = code;
    this.remedy = options.remedy;
  }
}
