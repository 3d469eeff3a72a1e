import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** A job may come by any surface: which ones there are is the server's matter. The release before goes on writing its own names. */
export const anySurface: Migration = {
  async up(database: Kysely<unknown>): Promise<void> {
    await sql`alter table easel.jobs drop constraint jobs_surface_check`.execute(database);
  },
};
