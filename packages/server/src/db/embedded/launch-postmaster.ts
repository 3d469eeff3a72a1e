import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, type FileHandle, open, rename, stat } from 'node:fs/promises';
import { ensurePrivateFolder } from './ownership.ts';
import type { Place } from './place.ts';
import { programEnvironment, runAs } from './run-program.ts';
import { port } from './socket-folder.ts';
import { clearStaleFiles } from './stale-files.ts';
import { ifPresent } from './system-code.ts';

/** Past this size, in bytes, the log of former runs is set aside as `postgres.log.1`. */
const longestLog = 16 * 2 ** 20;

/** A `postgres` that we spawned; it outlives us unless it is stopped. */
export interface LaunchedPostmaster {
  readonly pid: number;
  hasExited(): boolean;
  /** What was logged since its start: at most the last 16 KiB. */
  output(): Promise<string>;
}

/**
 * Spawned by us and not by pg_ctl: we reap it when it dies, and no argument passes through a shell. In a session of its own, so that Ctrl-C
 * in the terminal reaches us only, and we can end the server after its clients.
 */
export async function launchPostmaster(program: string, place: Place): Promise<LaunchedPostmaster> {
  await ensurePrivateFolder(place.sockets, place.account);
  await clearStaleFiles(place);
  const log = await openLog(place);
  try {
    const { size: before } = await log.stat();
    const options = { ...runAs(place.account), cwd: '/', detached: true, env: programEnvironment } as const;
    const child = spawn(program, settings(place), { ...options, stdio: ['ignore', log.fd, log.fd] });
    await once(child, 'spawn');
    child.unref();
    return {
      pid: child.pid ?? 0,
      hasExited: () => child.exitCode !== null || child.signalCode !== null,
      output: () => readFrom(place.log, before),
    };
  } finally {
    await log.close();
  }
}

function settings({ data, sockets }: Place): string[] {
  const values = {
    listen_addresses: '',
    // The setting is a list; quoted, a folder's name may hold commas and spaces.
    unix_socket_directories: `"${sockets.replaceAll('"', '""')}"`,
    unix_socket_permissions: '0700',
    port: String(port),
    max_connections: '100',
    // No statement, parameter or quoted input in its log: they hold prompts.
    log_error_verbosity: 'terse',
    log_min_error_statement: 'panic',
    log_parameter_max_length: '0',
    log_parameter_max_length_on_error: '0',
    fsync: 'on',
    ...(process.platform === 'linux' && { recovery_init_sync_method: 'syncfs' }),
  };
  return ['-D', data, ...Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}

async function openLog({ log, account }: Place): Promise<FileHandle> {
  const former = await ifPresent(stat(log));
  if (former && former.size > longestLog) await rename(log, `${log}.1`);
  const { O_APPEND, O_CREAT, O_NOFOLLOW, O_WRONLY } = constants;
  const handle = await open(log, O_APPEND | O_CREAT | O_NOFOLLOW | O_WRONLY, 0o600);
  if (account) await handle.chown(account.uid, account.gid);
  await handle.chmod(0o600); // a log that was there may have been open to others
  return handle;
}

async function readFrom(file: string, start: number): Promise<string> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    const length = Math.min(size - start, 16 * 2 ** 10);
    const { buffer } = await handle.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.toString();
  } finally {
    await handle.close();
  }
}
