import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/**
 * What waiting jobs need. Everything added may be empty, so processes of the release before go on working until they are
 * replaced, and so do jobs that they queued with the picture to start from in their row: it is read from there until they end.
 */
export const waitingJobs: Migration = {
  async up(database: Kysely<unknown>): Promise<void> {
    await sql`
      alter table easel.accounts add column max_queued integer check (max_queued > 0)
    `.execute(database);
    // The request that submitted the job, as the logs name it.
    await sql`
      alter table easel.jobs add column request_id uuid
    `.execute(database);
    await sql`
      create index jobs_queued on easel.jobs (account_id, model) where state = 'queued'
    `.execute(database);
    await sql`
      alter table easel.job_images add column sha256 bytea check (octet_length(sha256) = 32)
    `.execute(database);
    // A key is remembered after its job's record is gone: used again, it must not be charged again.
    await sql`
      alter table easel.idempotency drop constraint idempotency_job_id_fkey
    `.execute(database);
    // Why a worker takes no jobs.
    await sql`
      alter table easel.workers add column problem text
    `.execute(database);
  },
};
