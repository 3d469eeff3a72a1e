import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** A job's profile, and the speed of a model in each: what was before ran in float32. */
export const profiles: Migration = {
  async up(database: Kysely<unknown>): Promise<void> {
    await sql`alter table easel.jobs add column profile text not null default 'exact'`.execute(database);
    await sql`
      alter table easel.model_speed
        add column profile text not null default 'exact',
        drop constraint model_speed_pkey,
        add primary key (model, profile)
    `.execute(database);
  },
};
