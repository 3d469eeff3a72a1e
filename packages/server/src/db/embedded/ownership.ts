import { chmod, chown, lchown, lstat, mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseUnavailable } from './database-unavailable.ts';
import type { Account } from './run-program.ts';
import { systemCode } from './system-code.ts';

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
 * @throws {DatabaseUnavailable} when something else has its name: in a shared folder such as /tmp anybody could have put it there
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
