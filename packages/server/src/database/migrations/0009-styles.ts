import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** The styles that accounts have saved. */
export const styles: Migration = {
  async up(database: Kysely<unknown>): Promise<void> {
    await sql`
      create table easel.styles (
        account_id uuid not null references easel.accounts on delete cascade,
        name text not null,
        prompt text not null,
        negative_prompt text,
        primary key (account_id, name)
      )
    `.execute(database);
  },
};
