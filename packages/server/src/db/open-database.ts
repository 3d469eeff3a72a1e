import { Kysely, PostgresDialect } from 'kysely';
import { Pool } from 'pg';
import type { Database, Transaction } from '../domain/ports/database.ts';
import { connectionSettings, type DatabaseAddress } from './connection.ts';
import { retryLost } from './retry.ts';
import { SCHEMA } from './schema.ts';
import type { Tables } from './tables.ts';
import { OpenTransaction } from './transaction.ts';

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
    transaction<Result>(work: (transaction: Transaction) => Promise<Result>): Promise<Result> {
      return retryLost(() => inSchema.transaction().execute((queries) => work(new OpenTransaction(queries))));
    },
    close: () => kysely.destroy(),
  };
}

function ignore(): void {}
