import { CodedError, messageOf, systemCode } from '@easel/errors';

/** What may be wrong: the database, the data folder, or that another server has the folder. */
export type DatabaseUnavailableCode = 'database_unavailable' | 'data_folder_unusable' | 'data_folder_in_use';

interface DatabaseUnavailableOptions {
  readonly cause?: unknown;
  /** Default: `database_unavailable`. */
  readonly code?: DatabaseUnavailableCode;
}

/** Why the embedded database, or its data folder, cannot be used. */
export class DatabaseUnavailable extends CodedError<DatabaseUnavailableCode> {
  constructor(
    message: string,
    remedy: string,
    { cause, code = 'database_unavailable' }: DatabaseUnavailableOptions = {},
  ) {
    super(code, message, { remedy, cause });
    this.name = 'DatabaseUnavailable';
  }
}

interface StartAttempt {
  readonly dataDir: string;
  readonly timeoutMs: number;
  readonly timedOut: boolean;
}

/** Any failure of a start as the one error class that callers handle. */
export function startFailure(thrown: unknown, { dataDir, timeoutMs, timedOut }: StartAttempt): DatabaseUnavailable {
  if (thrown instanceof DatabaseUnavailable) return thrown;
  const log = `${dataDir}/postgres/postgres.log`;
  if (timedOut) {
    return new DatabaseUnavailable(
      `PostgreSQL in ${dataDir} was not ready after ${timeoutMs / 1000} s`,
      `see ${log}; after a crash a large database may need longer`,
      { cause: thrown },
    );
  }
  const remedy = remedies.get(systemCode(thrown) ?? '') ?? `see ${log}`;
  return new DatabaseUnavailable(`PostgreSQL cannot be started in ${dataDir}: ${messageOf(thrown)}`, remedy, {
    cause: thrown,
  });
}

const noAccess =
  'give the user that Easel runs as access to the data folder, or choose another folder with EASEL_DATA_DIR';

const remedies: ReadonlyMap<string, string> = new Map([
  ['EACCES', noAccess],
  ['EPERM', noAccess],
  ['EROFS', 'choose a data folder on a disk that can be written with EASEL_DATA_DIR'],
  ['ENOSPC', 'free space on the disk of the data folder'],
  ['EDQUOT', 'free space on the disk of the data folder'],
]);
