import { DatabaseUnavailable } from './database-unavailable.ts';
import { systemCode } from './system-code.ts';

interface Attempt {
  readonly dataDir: string;
  readonly timeoutMs: number;
  readonly timedOut: boolean;
}

/** Whatever ended a start, as the one error that callers know. */
export function startFailure(thrown: unknown, { dataDir, timeoutMs, timedOut }: Attempt): DatabaseUnavailable {
  if (thrown instanceof DatabaseUnavailable) return thrown;
  const log = `${dataDir}/postgres/postgres.log`;
  if (timedOut) {
    return new DatabaseUnavailable(
      `PostgreSQL in ${dataDir} was not ready after ${timeoutMs / 1000} s`,
      `see ${log}; after a crash a large database may need longer`,
      { cause: thrown },
    );
  }
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  const remedy = remedies.get(systemCode(thrown) ?? '') ?? `see ${log}`;
  return new DatabaseUnavailable(`PostgreSQL cannot be started in ${dataDir}: ${reason}`, remedy, { cause: thrown });
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
