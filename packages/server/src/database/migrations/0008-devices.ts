import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/**
 * What a job was drawn on, what the engines of a worker run on, and the speed of a model on each device: what was before ran on the CPU.
 *
 * The speeds have a table of their own, because processes of the release before go on writing `model_speed` by its key, which is no longer read.
 */
export const devices: Migration = {
  async up(database: Kysely<unknown>): Promise<void> {
    await sql`alter table easel.jobs add column device text, add column arithmetic text`.execute(database);
    await sql`alter table easel.workers add column engines jsonb not null default '[]'`.execute(database);
    await sql`
      create table easel.device_speed (
        model text not null,
        profile text not null,
        device text not null,
        ms_per_step_megapixel double precision not null,
        ms_per_image double precision not null,
        runs integer not null,
        primary key (model, profile, device)
      )
    `.execute(database);
    await sql`
      insert into easel.device_speed
        select model, profile, 'cpu', ms_per_step_megapixel, ms_per_image, runs from easel.model_speed
    `.execute(database);
  },
};
