import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Which model drew a job's pictures: the server may answer to the same name with another model later. */
export const drawnBy: Migration = {
  async up(database: Kysely<unknown>): Promise<void> {
    await sql`alter table easel.jobs add column drawn_by text`.execute(database);
  },
};
