import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Drafts: jobs without a price, pictures and a place in lists. The index finds those of an account, of which there are few. */
export const drafts: Migration = {
  async up(database: Kysely<unknown>): Promise<void> {
    await sql`alter table easel.jobs add column draft boolean not null default false`.execute(database);
    await sql`create index jobs_drafts on easel.jobs (account_id, created_at) where draft`.execute(database);
  },
};
