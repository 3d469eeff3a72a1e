import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/**
 * Endpoints that are told of the ends of jobs, and what is on its way to them. A delivery is written with what it tells of, and outlives
 * its endpoint. Secrets are not here: they follow from the server's secret and a number that counts their rotations.
 */
export const webhooks: Migration = {
  async up(database: Kysely<unknown>): Promise<void> {
    await sql`alter table easel.jobs add column webhook_url text, add column webhook_base text`.execute(database);
    await sql`
      create table easel.webhook_endpoints (
        id uuid primary key,
        account_id uuid not null references easel.accounts on delete cascade,
        url text not null,
        events text[] not null check (cardinality(events) > 0),
        enabled boolean not null,
        disabled_reason text,
        include_prompt boolean not null,
        base_url text not null,
        secret_version integer not null default 1,
        rotated_at timestamptz,
        created_at timestamptz not null
      )
    `.execute(database);
    await sql`create index webhook_endpoints_of_account on easel.webhook_endpoints (account_id)`.execute(database);
    await sql`
      create table easel.webhook_secrets (
        account_id uuid primary key references easel.accounts on delete cascade,
        secret_version integer not null,
        rotated_at timestamptz
      )
    `.execute(database);
    await createDeliveries(database);
  },
};

async function createDeliveries(database: Kysely<unknown>): Promise<void> {
  await sql`
    create table easel.webhook_deliveries (
      id uuid primary key,
      account_id uuid not null references easel.accounts on delete cascade,
      endpoint_id uuid,
      url text not null,
      event text not null,
      job_id uuid,
      body text not null,
      state text not null default 'pending' check (state in ('pending', 'delivered', 'failed')),
      attempts integer not null default 0,
      tries integer not null default 0,
      next_attempt_at timestamptz not null,
      leased_until timestamptz,
      last_status integer,
      last_error text,
      created_at timestamptz not null,
      ended_at timestamptz
    )
  `.execute(database);
  await sql`
    create index webhook_deliveries_due on easel.webhook_deliveries (next_attempt_at) where state = 'pending'
  `.execute(database);
  await sql`
    create index webhook_deliveries_of_account on easel.webhook_deliveries (account_id, id)
  `.execute(database);
  await sql`create index webhook_deliveries_to on easel.webhook_deliveries (endpoint_id)`.execute(database);
  await sql`create index webhook_deliveries_of_job on easel.webhook_deliveries (job_id)`.execute(database);
  await sql`
    create index webhook_deliveries_ended on easel.webhook_deliveries (ended_at) where ended_at is not null
  `.execute(database);
  await sql`
    create table easel.webhook_attempts (
      delivery_id uuid not null references easel.webhook_deliveries on delete cascade,
      number integer not null,
      at timestamptz not null,
      status integer,
      error text,
      seconds double precision,
      response text,
      primary key (delivery_id, number)
    )
  `.execute(database);
}
