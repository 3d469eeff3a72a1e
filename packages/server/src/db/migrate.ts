import type { Kysely } from 'kysely';
import { Migrator } from 'kysely/migration';
import { initial } from './migrations/0001-initial.ts';
import { modelMemory } from './migrations/0002-model-memory.ts';
import { waitingJobs } from './migrations/0003-waiting-jobs.ts';
import { drawnBy } from './migrations/0005-drawn-by.ts';
import { SCHEMA } from './schema.ts';
import type { Tables } from './tables.ts';

/** By name, and run in the order of their names. */
const migrations = {
  '0001-initial': initial,
  '0002-model-memory': modelMemory,
  '0003-waiting-jobs': waitingJobs,
  '0005-drawn-by': drawnBy,
};

/**
 * Brings the schema up to date, all of it or nothing. Processes that start together take turns: the first one migrates, the
 * others find nothing to do.
 *
 * @returns the names of the migrations that were run
 * @throws what a migration failed with, or an error when the database has been migrated by a newer version
 */
export async function migrate(kysely: Kysely<Tables>): Promise<string[]> {
  const migrator = new Migrator({
    db: kysely,
    provider: { getMigrations: async () => migrations },
    migrationTableSchema: SCHEMA,
  });
  const { error, results = [] } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
  return results.map(({ migrationName }) => migrationName);
}
