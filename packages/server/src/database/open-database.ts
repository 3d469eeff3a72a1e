import { setTimeout as sleep } from 'node:timers/promises';
import { Kysely, PostgresDialect } from 'kysely';
import { Pool } from 'pg';
import { isAway } from './away.ts';
import { connectionSettings, type DatabaseAddress } from './connection.ts';
import { type Database, DatabaseAway, type Transaction } from './database.ts';
import { retryLost } from './retry.ts';
import { SCHEMA } from './schema.ts';
import type { Tables } from './tables.ts';
import { OpenTransaction } from './transaction.ts';

/** In which a database that is started again may come back before its clients are told. */
const RESTART_MS = 5000;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 500;

export interface OpenDatabaseOptions {
  readonly address: DatabaseAddress;
  /** Called when an idle connection breaks, as when the server restarts; the pool opens another when it is needed. */
  readonly onConnectionLost: (error: Error) => void;
  /** Connections at most. Ten by default. */
  readonly poolSize?: number;
}

export interface OpenedDatabase extends Database {
  /** For migrations and for reads that need no transaction; its tables are those of the service's schema. */
  readonly kysely: Kysely<Tables>;
  /** Waits for the transactions under way, then ends every connection. */
  close(): Promise<void>;
}

/** A pool of connections to PostgreSQL. No connection is made before the first query. */
export function openDatabase({ address, onConnectionLost, poolSize = 10 }: OpenDatabaseOptions): OpenedDatabase {
  const pool = new Pool({ ...connectionSettings(address), max: poolSize });
  pool.on('error', onConnectionLost);
  // The pool listens only while a connection is idle. One that breaks inside a transaction would end the process here, though
  // the transaction learns of it anyway, by its next query.
  pool.on('connect', (client) => client.on('error', ignore));
  const kysely = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  const inSchema = kysely.withSchema(SCHEMA);

  return {
    kysely: inSchema,
    transaction: (work) => outlastRestart(inSchema, work),
    close: () => kysely.destroy(),
  };
}

/**
 * Runs the work in a transaction, again when it lost against another one, and again for some seconds when the connection was lost
 * before the commit was asked for: a restart of the database then costs nobody more than a wait.
 */
async function outlastRestart<Result>(
  kysely: Kysely<Tables>,
  work: (transaction: Transaction) => Promise<Result>,
): Promise<Result> {
  const began = performance.now();
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, 2 * pauseMs)) {
    let isWorkDone = false;
    const attempt = () =>
      kysely.transaction().execute(async (queries) => {
        isWorkDone = false;
        const result = await work(new OpenTransaction(queries));
        isWorkDone = true;
        return result;
      });
    try {
      return await retryLost(attempt);
    } catch (error) {
      if (!isAway(error)) throw error;
      if (isWorkDone || performance.now() - began > RESTART_MS) throw new DatabaseAway(error);
    }
    await sleep(pauseMs);
  }
}

function ignore(): void {}
