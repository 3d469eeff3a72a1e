import { setTimeout as sleep } from 'node:timers/promises';
import { Kysely, type Transaction as KyselyTransaction, PostgresDialect } from 'kysely';
import { type ClientConfig, DatabaseError, Pool, types } from 'pg';
import { databaseLost, isAway } from './away.ts';
import { SCHEMA, type Tables } from './tables.ts';

/** An open transaction, for the functions that run their SQL in it: kysely's, with the tables of the service's schema. */
export type Queries = KyselyTransaction<Tables>;

/** A pool of connections to PostgreSQL. */
export interface Database {
  /**
   * Runs the work in one transaction: all of it happens, or nothing. Work that lost against a concurrent transaction, or whose
   * connection was lost, is run again, so it must do nothing but database work.
   *
   * @throws CodedError `database_lost` after some seconds, or at once when the connection was lost during the commit: then nobody knows
   *   whether it was done
   * @example
   * const names = await database.transaction((queries) => queries.selectFrom('accounts').select('name').execute());
   */
  transaction<Result>(work: (queries: Queries) => Promise<Result>): Promise<Result>;
  /** For migrations and for single statements that need no transaction. */
  readonly kysely: Kysely<Tables>;
  /** Waits for the transactions under way, then ends every connection. */
  close(): Promise<void>;
}

/** Where PostgreSQL is: the parts of an address (`host` may be the folder of a Unix socket), or a `postgres://` URL. */
export type DatabaseAddress =
  | {
      readonly host: string;
      readonly port?: number;
      readonly user: string;
      readonly password: string;
      readonly database: string;
    }
  | { readonly url: string };

export interface OpenDatabaseOptions {
  readonly address: DatabaseAddress;
  /** Called when an idle connection breaks, as when the server restarts; the pool opens another when it is needed. */
  readonly onConnectionLost: (error: Error) => void;
  /** Connections at most. Ten by default. */
  readonly poolSize?: number;
}

/** No connection is made before the first query. */
export function openDatabase({ address, onConnectionLost, poolSize = 10 }: OpenDatabaseOptions): Database {
  const pool = new Pool({ ...connectionSettings(address), max: poolSize });
  pool.on('error', onConnectionLost);
  // The pool listens only while a connection is idle. One that breaks inside a transaction would end the process here, though
  // the transaction learns of it anyway, by its next query.
  pool.on('connect', (client) => client.on('error', ignore));
  const kysely = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  const inSchema = kysely.withSchema(SCHEMA);

  return {
    kysely: inSchema,
    transaction: (work) => runThroughRestart(inSchema, work),
    close: () => kysely.destroy(),
  };
}

/**
 * Settings of a connection, for a pool and for a client that listens alike. Whole numbers of 64 bits arrive as `bigint`;
 * the driver's default is text.
 */
export function connectionSettings(address: DatabaseAddress): ClientConfig {
  const where = 'url' in address ? { connectionString: address.url } : { ...address };
  // So that connections to a host that has vanished do not stay in the pool for ever.
  const keepAlive = { keepAlive: true, keepAliveInitialDelayMillis: 10_000 };
  return { ...where, ...keepAlive, application_name: 'easel', types: { getTypeParser } };
}

const readText = types.getTypeParser;

const getTypeParser: typeof types.getTypeParser = (oid: number, format?: 'text' | 'binary') =>
  oid === types.builtins.INT8 && format !== 'binary' ? BigInt : readText(oid, format);

/** How long a database may take to restart before clients get an error. */
const RESTART_MS = 5000;
const FIRST_RESTART_PAUSE_MS = 50;
const LONGEST_RESTART_PAUSE_MS = 500;

/**
 * Runs the work in a transaction, again when it lost against another one, and again for some seconds when the connection was lost
 * before the commit was asked for: a restart of the database is then only a delay.
 */
async function runThroughRestart<Result>(
  kysely: Kysely<Tables>,
  work: (queries: Queries) => Promise<Result>,
): Promise<Result> {
  const began = performance.now();
  for (let pauseMs = FIRST_RESTART_PAUSE_MS; ; pauseMs = Math.min(LONGEST_RESTART_PAUSE_MS, 2 * pauseMs)) {
    let isWorkDone = false;
    const attempt = () =>
      kysely.transaction().execute(async (queries) => {
        isWorkDone = false;
        const result = await work(queries);
        isWorkDone = true;
        return result;
      });
    try {
      return await retryConflicts(attempt);
    } catch (error) {
      if (!isAway(error)) throw error;
      if (isWorkDone || performance.now() - began > RESTART_MS) throw databaseLost(error);
    }
    await sleep(pauseMs);
  }
}

/** serialization_failure and deadlock_detected (PostgreSQL, Appendix A): the transaction was undone and may be run again. */
const conflictCodes: ReadonlySet<string> = new Set(['40001', '40P01']);
const MOST_RETRIES = 5;
const FIRST_RETRY_PAUSE_MS = 5;

/** Runs the work again while it loses against a concurrent transaction, at most five times, after growing random pauses. */
async function retryConflicts<Result>(work: () => Promise<Result>): Promise<Result> {
  for (let retry = 0; ; retry++) {
    try {
      return await work();
    } catch (error) {
      if (!isConflict(error) || retry === MOST_RETRIES) throw error;
      await sleep(Math.random() * FIRST_RETRY_PAUSE_MS * 2 ** retry);
    }
  }
}

function isConflict(error: unknown): boolean {
  return error instanceof DatabaseError && conflictCodes.has(error.code ?? '');
}

function ignore(): void {}
