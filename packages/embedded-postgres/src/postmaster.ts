import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, type FileHandle, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ifPresent, systemCode } from '@easel/errors';
import { ensurePrivateFolder, give, programEnvironment, runAs } from './account.ts';
import { DatabaseUnavailable } from './database-unavailable.ts';
import { type Place, port, socketIn } from './place.ts';
import { hasNumber } from './process-identity.ts';

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

/** Above the highest process id on Linux (2²²): no process has it. */
const nobodysPid = 2 ** 31 - 1;

/**
 * Clears what a killed server left and `postgres` would stumble over, when no server runs. It takes its predecessor for alive as long as
 * any process of the same user has the number, though that may be a zombie that nobody reaps or, after a reboot, another program.
 */
async function clearStaleFiles({ data, sockets, folder, account }: Place): Promise<void> {
  for (const name of await readdir(sockets)) {
    if (name.startsWith('.s.PGSQL.')) await rm(path.join(sockets, name));
  }
  // Elsewhere than on Linux we are less sure than PostgreSQL itself.
  const pidFile = pidFileOf(data);
  const text = process.platform === 'linux' ? await ifPresent(readFile(pidFile, 'utf8')) : undefined;
  const pid = Number(text?.split('\n', 1)[0]);
  if (text === undefined || !Number.isSafeInteger(pid) || pid <= 0 || !hasNumber(pid)) return;
  // Not removed: by its other lines PostgreSQL finds the shared memory, and refuses while backends of the killed server are attached to it.
  const corrected = path.join(folder, 'postmaster.pid.corrected');
  await writeFile(corrected, text.replace(/^\d+/, String(nobodysPid)), { mode: 0o600 });
  await give(corrected, account);
  await rename(corrected, pidFile);
}

/**
 * `postgres` gives up at once while processes of a killed server end and still hold its shared memory, or while another server of the same
 * data starts or stops. It is to be started again then; all else that ends it needs the operator.
 */
const passing = /pre-existing shared memory block|lock file ".*" already exists/;

export interface RunningServer extends Postmaster {
  readonly adopted: boolean;
}

/**
 * Waits until a server of the place takes connections, and launches one whenever there is none. An abort stops what was launched.
 * @throws {DatabaseUnavailable} when `postgres` ends for a reason that does not pass; the signal's reason
 */
export async function untilReady(
  place: Place,
  launch: () => Promise<LaunchedPostmaster>,
  signal: AbortSignal,
): Promise<RunningServer> {
  let launched: LaunchedPostmaster | undefined;
  try {
    for (;;) {
      signal.throwIfAborted();
      const running = await findPostmaster(place.data);
      if (running?.ready) return { ...running, adopted: running.pid !== launched?.pid };
      if (launched?.hasExited()) {
        await checkPassing(launched, place);
        launched = undefined;
        await sleep(150, undefined, { signal });
      } else {
        if (!running) launched ??= await launch();
        await sleep(20, undefined, { signal });
      }
    }
  } catch (thrown) {
    if (launched) await stopPostmaster(launched.pid, launched.hasExited, { fastMs: 10_000, immediateMs: 6_000 });
    throw thrown;
  }
}

async function checkPassing(launched: LaunchedPostmaster, place: Place): Promise<void> {
  const output = await launched.output();
  if (passing.test(output)) return;
  throw new DatabaseUnavailable(
    `PostgreSQL ended during its start: ${reasonIn(output)}`,
    `fix what it reports; its log is ${place.log}`,
  );
}

/** Why it ended: the last grave lines of its output, without time stamps. */
export function reasonIn(output: string): string {
  const lines = output.split('\n').map((text) => text.replace(/^[\d-]+ [\d:.]+ UTC \[\d+\] /, '').trim());
  const grave = lines.filter((text) => /^(\S+: )?(PANIC|FATAL|HINT|DETAIL):/.test(text));
  return (grave.length > 0 ? grave : lines.filter(Boolean)).slice(-4).join('; ') || 'no output';
}

/** How long the server may take to write everything, and then to drop everything, in milliseconds. */
export interface StopPatience {
  readonly fastMs: number;
  readonly immediateMs: number;
}

const defaultPatience: StopPatience = { fastMs: 60_000, immediateMs: 10_000 };

/**
 * Ends a postmaster, and resolves when it is gone: first fast (SIGINT: sessions end, everything is written), after `fastMs`
 * immediately (SIGQUIT: the next start recovers from the log), at last by SIGKILL. No acknowledged row is lost by any of them.
 * See "Shutting Down the Server" in PostgreSQL's manual.
 *
 * @param isGone asked before every signal, for the number may belong to another process by then
 */
export async function stopPostmaster(
  pid: number,
  isGone: () => Promise<boolean> | boolean,
  { fastMs, immediateMs }: StopPatience = defaultPatience,
): Promise<void> {
  const escalation = [
    ['SIGINT', fastMs],
    ['SIGQUIT', immediateMs],
    ['SIGKILL', Number.POSITIVE_INFINITY],
  ] as const;
  for (const [signal, patienceMs] of escalation) {
    if (await isGone()) return;
    send(signal, pid);
    const deadline = performance.now() + patienceMs;
    while (performance.now() < deadline) {
      if (await isGone()) return;
      await sleep(20);
    }
  }
}

function send(signal: NodeJS.Signals, pid: number): void {
  try {
    process.kill(pid, signal);
  } catch (thrown) {
    if (systemCode(thrown) !== 'ESRCH') throw thrown;
  }
}
