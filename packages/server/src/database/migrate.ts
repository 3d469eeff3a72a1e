import { setTimeout as sleep } from 'node:timers/promises';
import { type Kysely, sql } from 'kysely';
import { DEFAULT_MIGRATION_TABLE, type Migration, Migrator } from 'kysely/migration';
import { DatabaseError } from 'pg';
import { StartupError } from '../startup-error.ts';
import { initial } from './migrations/0001-initial.ts';
import { modelMemory } from './migrations/0002-model-memory.ts';
import { waitingJobs } from './migrations/0003-waiting-jobs.ts';
import { endsAndWaiters } from './migrations/0004-ends-and-waiters.ts';
import { drawnBy } from './migrations/0005-drawn-by.ts';
import { anySurface } from './migrations/0006-any-surface.ts';
import { profiles } from './migrations/0007-profiles.ts';
import { devices } from './migrations/0008-devices.ts';
import { styles } from './migrations/0009-styles.ts';
import { webhooks } from './migrations/0010-webhooks.ts';
import { operators } from './migrations/0011-operators.ts';
import { collections } from './migrations/0012-collections.ts';
import { drafts } from './migrations/0013-drafts.ts';
import { SCHEMA, type Tables } from './tables.ts';

/**
 * By name, and run in the order of their names. Processes of the release before go on while they are run, so from 0010 on they only add: see
 * docs/operations.md, "Upgrades without a stop".
 */
export const migrations = {
  '0001-initial': initial,
  '0002-model-memory': modelMemory,
  '0003-waiting-jobs': waitingJobs,
  '0004-ends-and-waiters': endsAndWaiters,
  '0005-drawn-by': drawnBy,
  '0006-any-surface': anySurface,
  '0007-profiles': profiles,
  '0008-devices': devices,
  '0009-styles': styles,
  '0010-webhooks': webhooks,
  '0011-operators': operators,
  '0012-collections': collections,
  '0013-drafts': drafts,
};

/** How long a migration waits for a table, behind which everybody else waits who uses it. */
const LONGEST_LOCK_MS = 2000;
const LOCK_PAUSE_MS = 1000;
/** Five minutes in all. */
const LOCK_ATTEMPTS = 100;
/** lock_not_available (PostgreSQL, Appendix A). */
const LOCK_NOT_AVAILABLE = '55P03';

/**
 * Brings the schema up to date, all of it or nothing. Processes that start together take turns: the first one migrates, the
 * others find nothing to do. While somebody uses a table for long, as for a backup, it tries again and again: those who come later are let
 * through in between.
 *
 * @returns the names of the migrations that were run
 * @throws StartupError `database_newer` for a database of a newer release, `database_unavailable` for one that is used for too long; what a migration
 *   failed with
 */
export async function migrate(kysely: Kysely<Tables>): Promise<string[]> {
  const migrator = new Migrator({
    db: kysely,
    provider: { getMigrations: async () => quickToLock },
    migrationTableSchema: SCHEMA,
  });
  await refuseNewer(kysely);
  for (let attempt = 1; ; attempt++) {
    const { error, results = [] } = await migrator.migrateToLatest();
    if (error === undefined) return results.map(({ migrationName }) => migrationName);
    if (!(error instanceof DatabaseError && error.code === LOCK_NOT_AVAILABLE)) throw error;
    if (attempt === LOCK_ATTEMPTS) throw usedForTooLong(error);
    await sleep(LOCK_PAUSE_MS);
  }
}

const quickToLock: Record<string, Migration> = Object.fromEntries(
  Object.entries<Migration>(migrations).map(([name, { up }]) => {
    const limited: Migration['up'] = async (database) => {
      await sql`select set_config('lock_timeout', ${`${LONGEST_LOCK_MS}ms`}, true)`.execute(database);
      await up(database);
    };
    return [name, { up: limited }];
  }),
);

function usedForTooLong(cause: unknown): StartupError {
  return new StartupError('database_unavailable', 'the tables could not be changed: another session uses them', {
    remedy: 'end long transactions and backups of the database, then start again',
    cause,
  });
}

/** A newer release may have changed tables in ways that this one does not know. */
async function refuseNewer(kysely: Kysely<Tables>): Promise<void> {
  const table = `${SCHEMA}.${DEFAULT_MIGRATION_TABLE}`;
  const found = await sql<{ isThere: boolean }>`select to_regclass(${table}) is not null as "isThere"`.execute(kysely);
  if (found.rows[0]?.isThere !== true) return;
  requireKnownMigrations((await appliedMigrations(kysely)).migrations, 'the database was used');
}

/** The changes that the schema of a database has, and the major release of its PostgreSQL. */
export async function appliedMigrations(
  kysely: Kysely<Tables>,
): Promise<{ readonly migrations: readonly string[]; readonly postgres: string }> {
  const table = sql.table(`${SCHEMA}.${DEFAULT_MIGRATION_TABLE}`);
  const { rows } = await sql<{ name: string }>`select name from ${table} order by name`.execute(kysely);
  const server = await sql<{ version: string }>`select current_setting('server_version_num') as version`.execute(
    kysely,
  );
  const postgres = String(Math.floor(Number(server.rows[0]?.version) / 10_000));
  return { migrations: rows.map(({ name }) => name), postgres };
}

/** @param what begins the sentence: `the database was used` @throws StartupError `database_newer` */
export function requireKnownMigrations(names: readonly string[], what: string): void {
  const unknown = names.filter((name) => !Object.hasOwn(migrations, name));
  if (unknown.length === 0) return;
  throw new StartupError(
    'database_newer',
    `${what} by a newer release of Easel, whose changes this release does not know: ${unknown.join(', ')}`,
    { remedy: 'start that release or a newer one, or restore the data from a backup that is older than the upgrade' },
  );
}
