import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startEmbeddedPostgres } from '@easel/embedded-postgres';
import { sql } from 'kysely';
import { afterAll, beforeAll } from 'vitest';
import { type Database, type DatabaseAddress, openDatabase } from '../../src/database/database.ts';
import { migrate } from '../../src/database/migrate.ts';
import { putMigratedDatabase } from './migrated-database.ts';

export interface TestDatabase {
  /** Of a migrated database of a server that only this file's tests know. */
  readonly address: DatabaseAddress;
  /** Connections to it, closed with the file. */
  readonly database: Database;
  /** Another pool of connections to it, or to another database of the server; closed with the file. */
  open(options?: { readonly address?: DatabaseAddress; readonly poolSize?: number }): Database;
  /** A database of the test's own, without a table in it. */
  createEmpty(): Promise<DatabaseAddress>;
}

/**
 * A PostgreSQL server in a temporary folder for the tests of one file. Call it once, at the top.
 *
 * @returns what gives the database, from the first test on
 */
export function useDatabase(): () => TestDatabase {
  let running: TestDatabase | undefined;
  const closing: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'easel-database-'));
    closing.push(() => rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }));
    await chmod(folder, 0o711); // as root, the account that PostgreSQL runs as has to pass
    const dataDir = path.join(folder, 'data');
    await putMigratedDatabase(dataDir);
    const server = await startEmbeddedPostgres({ dataDir });
    closing.push(() => server.stop());

    const open: TestDatabase['open'] = ({ address = server.connection, poolSize = 10 } = {}) => {
      // A test that kills a connection learns of it by its query.
      const opened = openDatabase({ address, poolSize, onConnectionLost: () => {} });
      closing.push(() => opened.close());
      return opened;
    };
    const database = open();
    await migrate(database.kysely);
    let databases = 0;
    const createEmpty = async () => {
      databases += 1;
      const name = `test_${databases}`;
      await sql`create database ${sql.id(name)}`.execute(database.kysely);
      return { ...server.connection, database: name };
    };
    running = { address: server.connection, database, createEmpty, open };
  });

  afterAll(async () => {
    for (const close of closing.reverse()) await close();
  });

  return () => {
    if (running === undefined) throw new Error('the database is there from the first test on');
    return running;
  };
}
