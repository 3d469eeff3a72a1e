import { stat } from 'node:fs/promises';
import path from 'node:path';
import { makePrivate, makePrivateFolder } from '../../files/private-folder.ts';
import { checkEnterable, chooseAccount } from './account.ts';
import { createDataDir } from './data-dir.ts';
import type { Account } from './run-program.ts';
import { socketFolder } from './socket-folder.ts';

/** Where PostgreSQL lives, and as whom. */
export interface Place {
  /** `<data folder>/postgres`. As root, we own it and the account only what lies in it: nobody can lay traps in our way. */
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
