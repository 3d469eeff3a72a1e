import { randomBytes } from 'node:crypto';
import { chmod, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import path from 'node:path';
import { ifPresent } from '@easel/errors';
import { type Account, ensurePrivateFolder, give, giveTree, runProgram } from './account.ts';
import type { Programs } from './binaries.ts';
import { writeDurably } from './data-folder.ts';
import { DatabaseUnavailable } from './database-unavailable.ts';
import type { Place } from './place.ts';

const passwordFile = 'easel.password';

/** Makes the data ready for `postgres`: created on first use, checked and put right later. Under the start lock. */
export async function ensureCluster(place: Place, programs: Programs, signal: AbortSignal): Promise<void> {
  await removeLeftovers(place.folder);
  const found = await ifPresent(stat(place.data));
  if (found) await repairPermissions(place, found);
  if (!found || (await readdir(place.data)).length === 0) await createCluster(place, programs, signal);
  await checkMajor(place.data, programs.major);
}

/** The password of the database user, kept with the data so that a copy of them is complete. */
export async function readPassword(data: string): Promise<string> {
  const password = (await ifPresent(readFile(path.join(data, passwordFile), 'utf8')))?.trim();
  if (password) return password;
  throw new DatabaseUnavailable(
    `the password of the database is missing: ${path.join(data, passwordFile)}`,
    'restore the file from a backup of the data folder',
  );
}

/**
 * initdb works in a scratch folder that gets its name when it is complete: a kill at any moment leaves no half-made data.
 * Everything is on the disk before the name is, and the name before a row can be acknowledged: otherwise a power cut could lose it, and
 * with it all rows.
 */
async function createCluster(place: Place, programs: Programs, signal: AbortSignal): Promise<void> {
  checkAccountName(place.account);
  const scratch = path.join(place.folder, `initdb-${process.pid}`);
  const password = `${scratch}.password`;
  try {
    await writeDurably(password, `${randomBytes(24).toString('base64url')}\n`);
    await give(password, place.account);
    await ensurePrivateFolder(scratch, place.account);
    await initdb({ program: programs.initdb, data: scratch, password, account: place.account, signal });
    await rename(password, path.join(scratch, passwordFile));
    await syncFolder(scratch);
    await rename(scratch, place.data);
    await syncFolder(place.folder);
  } catch (thrown) {
    await removeLeftovers(place.folder);
    throw thrown;
  }
}

/** What killed starters left. The start lock is ours, so none of it is in use; only an orphaned initdb may still be at work. */
async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith('initdb-')) continue;
    await rm(path.join(folder, name), { recursive: true, force: true, maxRetries: 8, retryDelay: 100 });
  }
}

/** Copying or restoring a folder often loses owner and mode, and PostgreSQL insists on owning its data, with mode 0700. */
async function repairPermissions({ data, account }: Place, found: { uid: number; mode: number }): Promise<void> {
  if (account && found.uid !== account.uid) await giveTree(data, account);
  const own = process.getuid?.();
  if (!account && found.uid !== own) {
    throw new DatabaseUnavailable(
      `${data} belongs to another user (uid ${found.uid}) than the one Easel runs as (uid ${own})`,
      'start Easel as that user or as root, or choose another data folder with EASEL_DATA_DIR',
    );
  }
  if ((found.mode & 0o777) !== 0o700) await chmod(data, 0o700);
}

async function checkMajor(data: string, major: string): Promise<void> {
  const made = (await ifPresent(readFile(path.join(data, 'PG_VERSION'), 'utf8')))?.trim();
  if (made === major) return;
  throw made === undefined
    ? new DatabaseUnavailable(
        `${data} is not empty and holds no PostgreSQL data (it has no PG_VERSION)`,
        'move it away, or restore it from a backup',
      )
    : new DatabaseUnavailable(
        `${data} was created by PostgreSQL ${made}, and this release of Easel contains PostgreSQL ${major}`,
        `start a release of Easel with PostgreSQL ${made}, or move the database to a PostgreSQL server and set DATABASE_URL`,
      );
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The database user that everything belongs to. */
export const databaseUser = 'easel';

interface InitdbOptions {
  readonly program: string;
  /** An empty folder of the account. */
  readonly data: string;
  /** A file with the database user's password. */
  readonly password: string;
  readonly account: Account | undefined;
  readonly signal: AbortSignal;
}

/** @throws {DatabaseUnavailable} with initdb's own words */
async function initdb({ program, data, password, account, signal }: InitdbOptions): Promise<void> {
  const { code, stderr } = await runProgram(
    program,
    [
      ...['--pgdata', data, '--username', databaseUser, '--pwfile', password],
      ...['--auth', 'scram-sha-256', '--encoding', 'UTF8'],
      // PostgreSQL's own C.UTF-8: the same order on every system, also after an upgrade of the C library, which may break indexes.
      ...['--locale', 'C', '--locale-provider', 'builtin', '--builtin-locale', 'C.UTF-8'],
    ],
    { account, signal },
  );
  if (code === 0) return;
  throw new DatabaseUnavailable(
    `the database cannot be created in ${data}: ${stderr.trim() || `initdb ended with status ${code}`}`,
    'fix what PostgreSQL reports, choose another data folder with EASEL_DATA_DIR, or set DATABASE_URL',
  );
}

/** initdb looks up the name of the user that it runs as, which a container started with an arbitrary uid does not have. */
function checkAccountName(account: Account | undefined): void {
  if (account) return;
  try {
    userInfo();
  } catch (cause) {
    throw new DatabaseUnavailable(
      `the database cannot be created by the user with uid ${process.getuid?.()}: it has no name in /etc/passwd`,
      'start Easel as a user that has one, or set DATABASE_URL to a PostgreSQL server',
      { cause },
    );
  }
}
