import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseUnavailable } from './database-unavailable.ts';
import { type Account, runProgram } from './run-program.ts';
import { ifPresent } from './system-code.ts';

/**
 * PostgreSQL refuses to run as root, so root lends it another account: the owner of the data if there are any (an account named "postgres" may
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
    `as root, PostgreSQL runs as the user "${account.name}", who cannot reach ${folder}: ${closed} is closed to others`,
    `choose a data folder elsewhere, such as /var/lib/easel, with EASEL_DATA_DIR, or open the way with "chmod o+x ${closed}"`,
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
