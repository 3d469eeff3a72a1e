import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { hasNumber } from './process-identity.ts';
import { socketIn } from './socket-folder.ts';
import { ifPresent } from './system-code.ts';

/** PostgreSQL's first process, the parent of all others. */
export interface Postmaster {
  readonly pid: number;
  readonly sockets: string;
  /** Whether it takes connections. */
  readonly ready: boolean;
}

/** The lines of postmaster.pid (PostgreSQL: src/include/utils/pidfile.h). */
const line = { pid: 0, socketFolder: 4, status: 7 } as const;

export const pidFileOf = (data: string): string => path.join(data, 'postmaster.pid');

/** The living server of `data`, if there is one, whoever started it. */
export async function findPostmaster(data: string): Promise<Postmaster | undefined> {
  const lines = (await ifPresent(readFile(pidFileOf(data), 'utf8')))?.split('\n');
  const pid = Number(lines?.[line.pid]);
  if (!lines || !Number.isSafeInteger(pid) || pid <= 0) return undefined;
  const sockets = lines[line.socketFolder] ?? '';
  if (!(await serves(pid, data, sockets))) return undefined;
  return { pid, sockets, ready: lines[line.status]?.trim() === 'ready' };
}

/** A number alone proves nothing: after a kill it may be a zombie's, after a reboot another program's. */
async function serves(pid: number, data: string, sockets: string): Promise<boolean> {
  if (!hasNumber(pid)) return false;
  return process.platform === 'linux' ? wasStartedOn(pid, data) : accepts(sockets);
}

/** Empty for a zombie. PostgreSQL's other processes replace their command line by a title. */
async function wasStartedOn(pid: number, data: string): Promise<boolean> {
  const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  const [, option, folder] = commandLine.split('\0');
  return option === '-D' && folder === data;
}

/** Whether somebody listens on the socket; for systems without /proc. */
export function accepts(sockets: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = connect(socketIn(sockets));
    connection.once('connect', () => resolve(true)).once('error', () => resolve(false));
    connection.once('connect', () => connection.destroy());
  });
}
