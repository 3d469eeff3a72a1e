import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { type Account, checkEnterable, chooseAccount } from './account.ts';
import { createDataDir, makePrivate, makePrivateFolder } from './data-folder.ts';

/** Where PostgreSQL lives, and as whom. */
export interface Place {
  /** `<data folder>/postgres`. As root, we own it and the account only what lies in it: no other account can interfere. */
  readonly folder: string;
  /** PostgreSQL's own data folder. */
  readonly data: string;
  readonly log: string;
  readonly startLock: string;
  readonly sockets: string;
  readonly account: Account | undefined;
}

/** Makes the folders as far as they are ours. */
export async function preparePlace(dataDir: string, signal: AbortSignal): Promise<Place> {
  const parent = await createDataDir(dataDir);
  const folder = path.join(parent, 'postgres');
  const data = path.join(folder, 'data');
  const account = await chooseAccount(data);
  if (account) await checkEnterable(parent, account, signal);
  await makePrivateFolder(folder);
  await makePrivate(folder, account && (await stat(folder)).uid === 0 ? 0o711 : 0o700);
  return {
    folder,
    data,
    log: path.join(folder, 'postgres.log'),
    startLock: path.join(folder, 'start.lock'),
    sockets: socketFolder(folder, account?.uid ?? process.getuid?.() ?? 0),
    account,
  };
}

/** The port names the socket's file: `.s.PGSQL.5432`. */
export const port = 5432;

/** The path of a Unix socket has room for 107 bytes on Linux and 103 on macOS (unix(7), unix(4)). */
const longestSocketPath = 103;

/** The folder of the server's socket: beside the data, or under /tmp where that path would be too long. */
export function socketFolder(folder: string, uid: number): string {
  const beside = path.join(folder, 'run');
  if (Buffer.byteLength(socketIn(beside)) <= longestSocketPath) return beside;
  // Not os.tmpdir(): TMPDIR may be long too, and differs between the processes that look for the server.
  return `/tmp/easel-${uid}-${createHash('sha256').update(folder).digest('hex').slice(0, 16)}`;
}

export function socketIn(folder: string): string {
  return path.join(folder, `.s.PGSQL.${port}`);
}
