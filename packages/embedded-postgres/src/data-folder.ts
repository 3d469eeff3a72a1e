import { chmod, mkdir, open, realpath, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { systemCode, whyNoFolder } from '@easel/errors';
import { DatabaseUnavailable } from './database-unavailable.ts';
import { type Claim, type FileLock, tryFileLock } from './file-lock.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Where Easel keeps its data when nobody says otherwise, as an absolute path: `$EASEL_DATA_DIR`, else `/var/lib/easel` for root (the
 * account that PostgreSQL then runs as cannot enter root's home), else `$XDG_DATA_HOME/easel` or `~/.local/share/easel`.
 *
 * @example defaultDataDir(process.env)
 */
export function defaultDataDir(env: Environment, uid: number | undefined = process.getuid?.()): string {
  if (env.EASEL_DATA_DIR) return path.resolve(env.EASEL_DATA_DIR);
  if (uid === 0) return '/var/lib/easel';
  // "If an implementation encounters a relative path … it should consider the path invalid and ignore it" (XDG Base Directory).
  if (env.XDG_DATA_HOME && path.isAbsolute(env.XDG_DATA_HOME)) return path.join(env.XDG_DATA_HOME, 'easel');
  return path.join(env.HOME || homedir(), '.local', 'share', 'easel');
}

/**
 * Makes the data folder if it is not there, and resolves to its one true path: symbolic links must not let two spellings of a folder
 * pass for two folders. A folder that exists keeps its permissions: it may be more than Easel's, and what Easel keeps in it is private.
 *
 * @throws {DatabaseUnavailable} `data_folder_unusable`
 */
export async function createDataDir(dataDir: string): Promise<string> {
  const folder = path.resolve(dataDir);
  try {
    const isNew = await makePrivateFolder(folder);
    // As root, the account that PostgreSQL runs as must pass through; it need not list.
    if (isNew && process.getuid?.() === 0) await chmod(folder, 0o711);
    return await realpath(folder);
  } catch (cause) {
    throw new DatabaseUnavailable(
      `the data folder ${folder} cannot be created or used: ${whyNoFolder(cause)}`,
      'choose a folder that the user Easel runs as can write, with --data-dir or EASEL_DATA_DIR',
      { cause, code: 'data_folder_unusable' },
    );
  }
}

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

const PRIVATE = 0o700;

/**
 * Makes a folder, and those above it that are missing, for this account only, whatever the umask is. One that exists is left as it is.
 * Not `mkdir` with `recursive`: where a file system takes no folders (/proc), Node 24 tries for ever.
 *
 * @returns whether it was made
 * @throws what the system says, such as EACCES, ENOTDIR or ENOENT where no folder can be
 */
export async function makePrivateFolder(folder: string): Promise<boolean> {
  try {
    return await makeOne(folder);
  } catch (error) {
    const above = path.dirname(folder);
    if (systemCode(error) !== 'ENOENT' || above === folder || (await isFolder(above))) throw error;
    await makePrivateFolder(above);
    return makeOne(folder);
  }
}

/** Takes the access of other accounts away from a folder or file. One of another owner cannot be changed, and stays. */
export async function makePrivate(path: string, mode: number = PRIVATE): Promise<void> {
  const found = await stat(path);
  if ((found.mode & 0o777) !== mode && isOurs(found.uid)) await chmod(path, mode);
}

async function makeOne(folder: string): Promise<boolean> {
  try {
    await mkdir(folder, PRIVATE);
  } catch (error) {
    // EEXIST, but some systems say EISDIR or EROFS of a folder that is there.
    if (await isFolder(folder)) return false;
    throw error;
  }
  await makePrivate(folder); // what mkdir makes has less where the umask takes some of it away
  return true;
}

async function isFolder(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() ?? false;
}

function isOurs(owner: number): boolean {
  const own = process.getuid?.();
  return own === 0 || own === owner;
}

/** Writes a new file that only this account can read. When it resolves the content survives a loss of power; its name, once its folder is flushed. */
export async function writeDurably(file: string, content: string | Uint8Array): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
