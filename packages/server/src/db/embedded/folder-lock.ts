import path from 'node:path';
import { createDataDir } from './data-dir.ts';
import { DatabaseUnavailable } from './database-unavailable.ts';
import { type Claim, type FileLock, tryFileLock } from './file-lock.ts';

/** A second server was started on a data folder that has one. */
export class DataDirInUse extends DatabaseUnavailable {
  readonly dataDir: string;
  /** The process that has the folder. */
  readonly pid: number;
  readonly since: Date;

  constructor(dataDir: string, { pid, since }: Claim) {
    super(
      `the data folder ${dataDir} is in use by process ${pid} since ${since}`,
      `stop process ${pid}, or give this server a data folder of its own with --data-dir or EASEL_DATA_DIR`,
      { code: 'data_folder_in_use' },
    );
    this.name = 'DataDirInUse';
    this.dataDir = dataDir;
    this.pid = pid;
    this.since = new Date(since);
  }
}

export interface DataDirLock extends FileLock {
  /** The folder's real path. */
  readonly dataDir: string;
}

/**
 * Makes this process the only server of the data folder, which is created if need be. The lock ends with `release()` or with the process,
 * however that ends: a dead owner's lock is taken over.
 *
 * @throws {DataDirInUse} while another server (or an earlier call of this process) has it
 */
export async function lockDataDir(dataDir: string): Promise<DataDirLock> {
  const folder = await createDataDir(dataDir);
  const attempt = await tryFileLock(path.join(folder, 'serve.lock'));
  if ('holder' in attempt) throw new DataDirInUse(folder, attempt.holder);
  return { dataDir: folder, release: attempt.lock.release };
}
