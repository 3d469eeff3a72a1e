import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/**
 * The end of a job has a number of its own in the job's row, so that a stream of an account's jobs can be resumed after any end,
 * also after a crash that empties the unlogged events. Their numbers must not start again then: since PostgreSQL 15 the sequence
 * of an unlogged table is unlogged, too, unless told otherwise; before, sequences always were logged.
 *
 * A job whose client waits on an open connection names the server that holds it, and servers tell that they live: the job of a
 * client whose server died is cancelled instead of drawn for nobody.
 *
 * A grant may carry the Idempotency-Key that it came with.
 */
export const endsAndWaiters: Migration = {
  async up(database: Kysely<unknown>): Promise<void> {
    await sql`
      alter table easel.jobs add column ended_event bigint, add column waiter uuid
    `.execute(database);
    await sql`create index jobs_ended_of_account on easel.jobs (account_id, ended_event)`.execute(database);
    await sql`
      create index jobs_awaited on easel.jobs (waiter) where waiter is not null and state in ('queued', 'running')
    `.execute(database);
    await sql`
      create table easel.servers (
        id uuid primary key,
        place uuid not null,
        seen_at timestamptz not null
      )
    `.execute(database);
    await sql`alter table easel.ledger_transactions add column idempotency_key text`.execute(database);
    await sql`
      create unique index ledger_grants_once on easel.ledger_transactions (account_id, idempotency_key)
        where idempotency_key is not null
    `.execute(database);
    await sql`
      do $$ begin
        if current_setting('server_version_num')::integer >= 150000 then
          execute 'alter sequence easel.job_events_id_seq set logged';
        end if;
      end $$
    `.execute(database);
  },
};
