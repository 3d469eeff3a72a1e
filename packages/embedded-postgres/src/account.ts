import { spawn } from 'node:child_process';
import { chmod, chown, lchown, lstat, mkdir, readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { ifPresent, systemCode } from '@easel/errors';
import { DatabaseUnavailable } from './database-unavailable.ts';

/** The system account that PostgreSQL's processes run as, where it is not our own. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

export interface ProgramResult {
  /** The exit status; null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** PostgreSQL's processes inherit nothing: no secret, no PGDATA, no library path. Its messages are parsed, hence in English. */
export const programEnvironment = { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' } as const;

/** The part of spawn's options that makes a process run as the account. */
export function runAs(account: Account | undefined): { uid?: number; gid?: number } {
  return account ? { uid: account.uid, gid: account.gid } : {};
}

/**
 * Runs a program to its end. An abort kills it with all its children; the promise settles when the last of them is gone.
 * @throws what the spawn failed with (EACCES, ENOENT, …), or the signal's reason
 */
export async function runProgram(
  file: string,
  args: readonly string[],
  { account, signal }: { readonly account: Account | undefined; readonly signal: AbortSignal },
): Promise<ProgramResult> {
  signal.throwIfAborted();
  // detached: a process group of its own, so that one signal reaches its children too.
  const options = { ...runAs(account), cwd: '/', detached: true, env: programEnvironment } as const;
  const child = spawn(file, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  const killAll = () => {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  };
  signal.addEventListener('abort', killAll);
  child.once('exit', () => signal.removeEventListener('abort', killAll));
  const texts = Promise.all([textOf(child.stdout), textOf(child.stderr)]);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('close', resolve);
      child.once('error', reject);
    });
    signal.throwIfAborted();
    const [stdout, stderr] = await texts;
    return { code, stdout, stderr };
  } finally {
    signal.removeEventListener('abort', killAll);
  }
}

function textOf(stream: Readable): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    stream.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    stream.once('close', () => resolve(text));
  });
}

/**
 * PostgreSQL refuses to run as root, so as root it runs as another account: the owner of the data if there are any (an account named "postgres" may
 * have come later), else "postgres", else "nobody". initdb insists on an account with a name. Undefined: we are not root.
 */
export async function chooseAccount(data: string): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const users = await readFile('/etc/passwd', 'utf8');
  const owner = await ifPresent(stat(data));
  if (owner && owner.uid !== 0) {
    return { name: nameOf(owner.uid, users) ?? `#${owner.uid}`, uid: owner.uid, gid: owner.gid };
  }
  for (const name of ['postgres', 'nobody']) {
    const ids = new RegExp(`^${name}:[^:]*:(\\d+):(\\d+):`, 'm').exec(users);
    if (ids) return { name, uid: Number(ids[1]), gid: Number(ids[2]) };
  }
  throw new DatabaseUnavailable(
    'PostgreSQL cannot run as root, and there is no account named "postgres" or "nobody"',
    'start Easel as another user, or set DATABASE_URL to a PostgreSQL server',
  );
}

function nameOf(uid: number, users: string): string | undefined {
  return new RegExp(`^([^:]+):[^:]*:${uid}:`, 'm').exec(users)?.[1];
}

/**
 * Refuses a folder that the account cannot enter because of a folder above it, such as anything below /root.
 * @throws {DatabaseUnavailable} that names the folder at fault
 */
export async function checkEnterable(folder: string, account: Account, signal: AbortSignal): Promise<void> {
  const probe = await runProgram('/bin/sh', ['-c', 'test -x "$1"', 'sh', folder], { account, signal });
  if (probe.code === 0) return;
  const closed = (await firstClosed(folder, account)) ?? folder;
  throw new DatabaseUnavailable(
    `as root, PostgreSQL runs as the user "${account.name}", which has no access to ${folder}: other users may not enter ${closed}`,
    `choose another data folder, such as /var/lib/easel, with EASEL_DATA_DIR, or allow access with "chmod o+x ${closed}"`,
  );
}

/** The topmost folder on the way that the account may not pass, by its permission bits. */
async function firstClosed(folder: string, { uid, gid }: Account): Promise<string | undefined> {
  const parent = path.dirname(folder);
  const above = parent === folder ? undefined : await firstClosed(parent, { name: '', uid, gid });
  if (above !== undefined) return above;
  const { mode, uid: owner, gid: group } = await stat(folder);
  const pass = owner === uid ? 0o100 : group === gid ? 0o010 : 0o001;
  return (mode & pass) === 0 ? folder : undefined;
}

/** Gives a file of ours to the account. */
export async function give(file: string, account: Account | undefined): Promise<void> {
  if (account) await chown(file, account.uid, account.gid);
}

/** Gives a folder and all in it to the account; a symbolic link is given, not what it points to. */
export async function giveTree(folder: string, { uid, gid }: Account): Promise<void> {
  for (const entry of await readdir(folder, { recursive: true })) await lchown(path.join(folder, entry), uid, gid);
  await lchown(folder, uid, gid);
}

/**
 * A folder that only the account (or we) can enter; made, or its permissions put right.
 * @throws {DatabaseUnavailable} when something else has its name: in a shared folder such as /tmp anybody could have created it
 */
export async function ensurePrivateFolder(folder: string, account: Account | undefined): Promise<void> {
  await mkdir(folder, { mode: 0o700 }).catch((thrown: unknown) => {
    if (systemCode(thrown) !== 'EEXIST') throw thrown;
  });
  const { uid, mode, ...stats } = await lstat(folder).then((found) => ({
    uid: found.uid,
    mode: found.mode & 0o777,
    isFolder: found.isDirectory(),
  }));
  const wanted = account?.uid ?? process.getuid?.();
  if (!stats.isFolder || (uid !== wanted && uid !== process.getuid?.())) {
    throw new DatabaseUnavailable(
      `${folder} is not a folder of the user that PostgreSQL runs as`,
      'remove it, or choose another data folder with EASEL_DATA_DIR',
    );
  }
  if (uid !== wanted) await give(folder, account);
  if (mode !== 0o700) await chmod(folder, 0o700);
}
