import { randomUUID } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { defaultDataDir, type EmbeddedPostgres, lockDataDir, startEmbeddedPostgres } from '@easel/embedded-postgres';
import { ifPresent } from '@easel/errors';
import type { Config } from '../config/schema.ts';
import type { DatabaseAddress } from '../database/database.ts';
import { isId } from '../ids.ts';
import type { Logger } from '../observability/logger.ts';
import { StartupError } from '../startup-error.ts';

export interface OpenStorageOptions {
  readonly config: Config;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** A server has its data folder to itself; a worker shares it. */
  readonly exclusive: boolean;
}

/** Where everything is kept: the data folder, and a database that answers. */
export interface Storage {
  readonly dataDir: string;
  readonly address: DatabaseAddress;
  /** Stops what was started here. */
  close(): Promise<void>;
}

/** How often the embedded database is looked after. */
const WATCH_MS = 500;

/**
 * Opens the data folder and the database: the one of `databaseUrl`, else the embedded one, which the last process that uses it stops.
 *
 * @throws StartupError, the signal's reason
 */
export async function openStorage({ config, log, signal, exclusive }: OpenStorageOptions): Promise<Storage> {
  const dataDir = config.dataDir ?? defaultDataDir(process.env);
  if (!exclusive && config.databaseUrl === null) await requireServersFolder(dataDir);
  const lock = exclusive ? await lockDataDir(dataDir) : undefined;
  try {
    if (config.databaseUrl !== null) {
      return { dataDir, address: { url: config.databaseUrl }, close: async () => lock?.release() };
    }
    const keeper = await PostgresKeeper.start(dataDir, log, signal);
    return {
      dataDir,
      address: keeper.postgres.connection,
      async close() {
        await keeper.close();
        await lock?.release();
      },
    };
  } catch (error) {
    await lock?.release();
    throw error;
  }
}

/**
 * What a data folder is known as to other servers: the file `server-id`, made when it is not there. Only the server that has
 * locked the folder asks.
 */
export async function readFolderId(dataDir: string): Promise<string> {
  const file = join(dataDir, 'server-id');
  const known = (await ifPresent(readFile(file, 'utf8')))?.trim() ?? '';
  if (isId(known)) return known;
  const id = randomUUID();
  await writeFile(file, `${id}\n`, { mode: 0o600 });
  return id;
}

/** A worker makes no database: without a server nobody would ever give it a job. */
async function requireServersFolder(dataDir: string): Promise<void> {
  const isThere = await stat(join(dataDir, 'postgres', 'data')).then(
    () => true,
    () => false,
  );
  if (!isThere) throw noServerYet(`no server has ever used the data folder ${dataDir}`);
}

/** What a worker ends with that would wait for ever. */
export function noServerYet(message: string): StartupError {
  return new StartupError('no_server_yet', message, {
    remedy: "start `easel serve` on it first, or give the worker the server's --data-dir or DATABASE_URL",
  });
}

/** Keeps the embedded database running: one that dies is started again, with the same address. */
class PostgresKeeper {
  readonly #dataDir: string;
  readonly #log: Logger;
  readonly #closing = new AbortController();
  readonly #watching: Promise<void>;
  postgres: EmbeddedPostgres;

  static async start(dataDir: string, log: Logger, signal: AbortSignal): Promise<PostgresKeeper> {
    return new PostgresKeeper(await startEmbeddedPostgres({ dataDir, signal }), dataDir, log);
  }

  private constructor(postgres: EmbeddedPostgres, dataDir: string, log: Logger) {
    this.postgres = postgres;
    this.#dataDir = dataDir;
    this.#log = log;
    this.#watching = this.#watch();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#watching;
    await this.postgres.release();
  }

  async #watch(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await sleep(WATCH_MS, undefined, { signal }).catch(() => {});
      if (signal.aborted || isAlive(this.postgres.pid)) continue;
      this.#log.warn({ pid: this.postgres.pid }, 'the embedded database stopped unexpectedly; restarting it');
      await this.#restart(signal);
    }
  }

  async #restart(signal: AbortSignal): Promise<void> {
    try {
      this.postgres = await startEmbeddedPostgres({ dataDir: this.#dataDir, signal });
      this.#log.info({ pid: this.postgres.pid }, 'the embedded database is running again');
    } catch (error) {
      if (!signal.aborted) this.#log.error({ err: error }, 'could not restart the embedded database');
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It may belong to the account that PostgreSQL runs as.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
