import { chmod, readdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ifPresent } from '@easel/errors';
import { locateBinaries, type Programs, usableBinaries } from './binaries.ts';
import { databaseUser, ensureCluster, readPassword } from './cluster.ts';
import { DatabaseUnavailable, startFailure } from './database-unavailable.ts';
import { waitForFileLock } from './file-lock.ts';
import { type Place, port, preparePlace } from './place.ts';
import { findPostmaster, launchPostmaster, type RunningServer, stopPostmaster, untilReady } from './postmaster.ts';
import { identityOf, isRunning, type ProcessIdentity } from './process-identity.ts';

export interface EmbeddedPostgres {
  /** For `new pg.Pool(connection)`; `host` is the folder of the server's socket, `port` part of the socket's name. */
  readonly connection: typeof ownSettings & {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly password: string;
    readonly database: string;
  };
  readonly pid: number;
  /** Whether the server ran already, left over by a process that was killed. */
  readonly adopted: boolean;
  /**
   * Ends the use by this process: stops the server unless another living process has started or adopted it too.
   *
   * @returns whether it was stopped
   */
  release(): Promise<boolean>;
  /** Fast shutdown: ends the sessions of all clients, writes everything, and resolves when the server is gone. May be called again. */
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** Easel's data folder; PostgreSQL lives in `postgres` below it. Created if need be. */
  readonly dataDir: string;
  /** Ends the start; what it spawned is stopped. Without effect once the server runs. */
  readonly signal?: AbortSignal;
  /** How long the start may take, the recovery after a crash included. Default: 5 minutes. */
  readonly timeoutMs?: number;
}

/**
 * Starts the PostgreSQL server of a data folder, or adopts it if it runs. It listens on a Unix socket only, that its own user and root
 * can reach. Several processes may call this at once: one starts the server, the others adopt it.
 *
 * @throws {DatabaseUnavailable} which says what to do; the signal's reason after an abort
 * @example
 * const postgres = await startEmbeddedPostgres({ dataDir: defaultDataDir(process.env) });
 * const pool = new pg.Pool(postgres.connection);
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { dataDir, signal, timeoutMs = 300_000 } = options;
  const timeout = AbortSignal.timeout(timeoutMs);
  const end = signal ? AbortSignal.any([signal, timeout]) : timeout;
  try {
    end.throwIfAborted();
    checkPlatform();
    const place = await preparePlace(dataDir, end);
    return await startAt(place, end);
  } catch (thrown) {
    signal?.throwIfAborted();
    throw startFailure(thrown, { dataDir, timeoutMs, timedOut: timeout.aborted });
  }
}

/** PostgreSQL's data in a data folder. */
export function clusterFolder(dataDir: string): string {
  return path.join(dataDir, 'postgres', 'data');
}

/** Whether the PostgreSQL server of a data folder runs, whoever started it. */
export async function isDatabaseRunning(dataDir: string): Promise<boolean> {
  return (await findPostmaster(clusterFolder(dataDir))) !== undefined;
}

/** One process starts it at a time; those that waited find the server running. */
async function startAt(place: Place, signal: AbortSignal): Promise<EmbeddedPostgres> {
  const lock = await waitForFileLock(place.startLock, signal);
  try {
    let programs: Programs | undefined;
    const prepare = async () => {
      const usable = await usableBinaries(await locateBinaries(), place.folder, place.account, signal);
      await ensureCluster(place, usable, signal);
      return usable;
    };
    const launch = async () => {
      programs ??= await prepare();
      return launchPostmaster(programs.postgres, place);
    };
    const server = await untilReady(place, launch, signal);
    const password = await readPassword(place.data);
    await recordUser(place.folder);
    return handle(place, server, await identityOf(server.pid), password);
  } finally {
    await lock.release();
  }
}

/**
 * What node-postgres would take from the user's PG* variables, which are about another database, each with what it is by default.
 * All but `ssl` must be truthy for that.
 */
const ownSettings = {
  ssl: false,
  sslnegotiation: 'postgres',
  options: '-c extra_float_digits=1',
  client_encoding: 'UTF8',
  replication: 'false',
} as const;

function handle(
  place: Place,
  { pid, sockets, adopted }: RunningServer,
  postmaster: ProcessIdentity,
  password: string,
): EmbeddedPostgres {
  let stopped: Promise<void> | undefined;
  const stopOnce = () => {
    stopped ??= stop(place, postmaster, sockets);
    return stopped;
  };
  return {
    connection: { ...ownSettings, host: sockets, port, user: databaseUser, password, database: 'postgres' },
    pid,
    adopted,
    release: () => release(place, stopOnce),
    stop: stopOnce,
  };
}

/** Under the start lock: nobody adopts a server that is about to be stopped. */
async function release(place: Place, stopOnce: () => Promise<void>): Promise<boolean> {
  const lock = await waitForFileLock(place.startLock, new AbortController().signal);
  try {
    if (await removeUser(place.folder)) return false;
    await stopOnce();
    return true;
  } finally {
    await lock.release();
  }
}

async function stop({ folder }: Place, postmaster: ProcessIdentity, sockets: string): Promise<void> {
  await stopPostmaster(postmaster.pid, async () => !(await isRunning(postmaster)));
  await removeUser(folder).catch(() => {}); // these files matter only while a server runs
  // A folder under /tmp; another server may be starting in it.
  if (!sockets.startsWith(folder)) await rmdir(sockets).catch(() => {});
}

/** Node cannot reach a Unix socket on Windows, and a TCP port would be open to every user of the machine. */
function checkPlatform(): void {
  if (process.platform !== 'win32') return;
  throw new DatabaseUnavailable(
    'the embedded PostgreSQL is not available on Windows',
    'run Easel in WSL, or set DATABASE_URL to a PostgreSQL server',
  );
}

const PREFIX = 'user-';

/** Writes a file into PostgreSQL's folder that says that this process uses the server. Needs the start lock. */
async function recordUser(folder: string): Promise<void> {
  const file = path.join(folder, `${PREFIX}${process.pid}`);
  await writeFile(file, (await identityOf(process.pid)).started);
  await chmod(file, 0o644); // a start by another account has to read it
}

/** Removes that file, and those of dead processes. @returns whether another living process uses the server */
async function removeUser(folder: string): Promise<boolean> {
  let others = 0;
  for (const name of await readdir(folder)) {
    if (!name.startsWith(PREFIX)) continue;
    const pid = Number(name.slice(PREFIX.length));
    const file = path.join(folder, name);
    const started = await ifPresent(readFile(file, 'utf8'));
    if (started === undefined) continue;
    if (pid !== process.pid && (await isRunning({ pid, started }))) others += 1;
    else await rm(file, { force: true });
  }
  return others > 0;
}
