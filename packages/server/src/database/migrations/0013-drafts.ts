import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/**
 * Drafts: jobs without a price, pictures and a place in lists. Nothing but the catalogue of columns changes, so jobs are locked for a moment only:
 * an index would have to read them all, and the others lead to drafts, too.
 */
export const drafts: Migration = {
  async up(database: Kysely<unknown>): Promise<void> {
    await sql`alter table easel.jobs add column draft boolean not null default false`.execute(database);
  },
};
