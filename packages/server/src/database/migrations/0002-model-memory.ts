import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** The memory of a worker, model by model: `{"playground-v2.5": bytes}`. Signs of life are not worth converting. */
export const modelMemory: Migration = {
  async up(database: Kysely<unknown>): Promise<void> {
    await sql`
      alter table easel.workers
        drop column memory,
        add column model_memory jsonb not null default '{}'
    `.execute(database);
  },
};
