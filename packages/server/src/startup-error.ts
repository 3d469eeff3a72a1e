import { CodedError, type CodedErrorOptions } from '@easel/errors';

/** Why a process of the service cannot start. `easel --help` lists the exit status of each. */
export type StartupErrorCode =
  | 'settings_invalid'
  | 'data_folder_unusable'
  | 'data_folder_in_use'
  | 'address_in_use'
  | 'database_unavailable'
  | 'database_newer'
  | 'no_server_yet'
  | 'backup_unusable'
  | 'storage_unavailable'
  | 'secret_damaged';

/** A start that the operator can put right: the message says what is wrong, `remedy` what to do about it. */
export class StartupError extends CodedError<StartupErrorCode> {
  constructor(code: StartupErrorCode, message: string, options: CodedErrorOptions) {
    super(code, message, options);
    this.name = 'StartupError';
  }
}
