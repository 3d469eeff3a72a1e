import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

// A migration that was released is never edited.

/** Accounts and their keys. Keys are kept as keyed hashes only; `hint` is what a person recognises a key by. */
const accountsAndKeys = `
create table easel.accounts (
  id uuid primary key,
  name text not null unique check (name <> ''),
  max_concurrent integer check (max_concurrent > 0),
  virtual_finish bigint not null default 0,
  created_at timestamptz not null default now()
);

create table easel.api_keys (
  id uuid primary key,
  account_id uuid not null references easel.accounts,
  name text not null,
  hash bytea not null unique check (octet_length(hash) = 32),
  hint text not null check (length(hint) <= 4),
  scopes text[] not null check (cardinality(scopes) > 0 and scopes <@ array['generate', 'read', 'admin']),
  models text[],
  monthly_budget bigint check (monthly_budget >= 0),
  requests_per_minute integer check (requests_per_minute > 0),
  expires_at timestamptz,
  revoked_at timestamptz,
  origin text not null check (origin in ('development', 'admin', 'environment', 'created')),
  created_at timestamptz not null default now(),
  last_used_at timestamptz
);

create index api_keys_of_account on easel.api_keys (account_id);
`;

/**
 * A double-entry ledger. Each transaction moves micro-credits between ledger accounts, so its entries sum to zero; what was
 * written is never changed. `balances` repeats the sums per account, and its row is the lock under which they change.
 */
const ledger = `
create table easel.balances (
  account_id uuid primary key references easel.accounts,
  available bigint not null default 0 check (available >= 0),
  held bigint not null default 0 check (held >= 0)
);

create table easel.ledger_transactions (
  id bigint generated always as identity primary key,
  kind text not null check (kind in ('grant', 'hold', 'charge', 'release')),
  account_id uuid not null references easel.accounts,
  key_id uuid references easel.api_keys,
  job_id uuid,
  note text,
  remaining bigint not null check (remaining >= 0),
  created_at timestamptz not null default now(),
  check (kind = 'grant' or (key_id is not null and job_id is not null))
);

create index ledger_transactions_of_account on easel.ledger_transactions (account_id, id desc);

-- One hold, and one end of it, for each job: the last line of defence behind the state of the hold.
create unique index ledger_holds_once on easel.ledger_transactions (job_id) where kind = 'hold';
create unique index ledger_hold_ends_once on easel.ledger_transactions (job_id) where kind in ('charge', 'release');

create table easel.ledger_entries (
  transaction_id bigint not null references easel.ledger_transactions,
  ledger_account text not null check (ledger_account ~ '^(issued|revenue|(available|held):[0-9a-f-]{36})$'),
  amount bigint not null check (amount <> 0),
  primary key (transaction_id, ledger_account)
);

create index ledger_entries_of_account on easel.ledger_entries (ledger_account) include (amount);
`;

/** What no program may break, however it comes to the tables. */
const ledgerGuards = `
create function easel.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'easel.% keeps what was written: % is refused', tg_table_name, lower(tg_op) using errcode = 'restrict_violation';
end $$;

create trigger append_only before update or delete or truncate on easel.ledger_transactions
  for each statement execute function easel.refuse_change();
create trigger append_only before update or delete or truncate on easel.ledger_entries
  for each statement execute function easel.refuse_change();

create function easel.check_balanced(checked bigint) returns void language plpgsql as $$
declare
  entries integer;
  total numeric;
begin
  select count(*), coalesce(sum(amount), 0) into entries, total
    from easel.ledger_entries where transaction_id = checked;
  if entries < 2 or total <> 0 then
    raise exception 'ledger transaction % is not balanced: % entries that sum to %', checked, entries, total
      using errcode = 'check_violation';
  end if;
end $$;

create function easel.check_balanced_transaction() returns trigger language plpgsql as $$
begin
  perform easel.check_balanced(new.id);
  return null;
end $$;

create function easel.check_balanced_entry() returns trigger language plpgsql as $$
begin
  perform easel.check_balanced(new.transaction_id);
  return null;
end $$;

create constraint trigger balanced after insert on easel.ledger_transactions deferrable initially deferred
  for each row execute function easel.check_balanced_transaction();
create constraint trigger balanced after insert on easel.ledger_entries deferrable initially deferred
  for each row execute function easel.check_balanced_entry();
`;

/**
 * What is reserved for a job until it ends. A hold outlives the record of its job, as the ledger does, so it refers to no
 * row of `jobs` and has itself what usage is counted by.
 */
const holds = `
create table easel.holds (
  job_id uuid primary key,
  account_id uuid not null references easel.accounts,
  key_id uuid not null references easel.api_keys,
  model text not null,
  samples integer not null check (samples > 0),
  amount bigint not null check (amount >= 0),
  state text not null default 'open' check (state in ('open', 'charged', 'released')),
  month text not null check (month ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'),
  created_at timestamptz not null default now(),
  ended_at timestamptz,
  check ((state = 'open') = (ended_at is null))
);

create index holds_charged on easel.holds (account_id, ended_at) where state = 'charged';
create index holds_open on easel.holds (created_at) where state = 'open';

create table easel.key_months (
  key_id uuid not null references easel.api_keys,
  month text not null,
  spent bigint not null default 0 check (spent >= 0),
  held bigint not null default 0 check (held >= 0),
  primary key (key_id, month)
);

create function easel.guard_hold() returns trigger language plpgsql as $$
begin
  if old.state <> 'open' then
    raise exception 'the hold of job % has already been %', old.job_id, old.state using errcode = 'restrict_violation';
  end if;
  if (new.job_id, new.account_id, new.key_id, new.model, new.samples, new.amount, new.month)
    is distinct from (old.job_id, old.account_id, old.key_id, old.model, old.samples, old.amount, old.month) then
    raise exception 'the hold of job % can only be ended', old.job_id using errcode = 'restrict_violation';
  end if;
  return new;
end $$;

create trigger ends_once before update on easel.holds for each row execute function easel.guard_hold();
create trigger never_removed before delete or truncate on easel.holds
  for each statement execute function easel.refuse_change();
`;

/** Jobs and their pictures. Rows of a job are deleted with its record. */
const jobs = `
create table easel.jobs (
  id uuid primary key,
  account_id uuid not null references easel.accounts,
  key_id uuid not null references easel.api_keys,
  surface text not null check (surface in ('segmind-v1', 'segmind-v2', 'openai', 'api')),
  model text not null,
  request jsonb not null,
  prompt text,
  state text not null default 'queued' check (state in ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
  price bigint not null check (price >= 0),
  priority integer not null default 0,
  virtual_start bigint not null,
  attempt integer not null default 0,
  worker_id uuid,
  seed bigint not null,
  width integer not null,
  height integer not null,
  samples integer not null,
  steps integer not null,
  favourite boolean not null default false,
  store boolean not null default true,
  error_code text,
  error_message text,
  error_param text,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz,
  queue_ms integer,
  run_ms integer,
  expires_at timestamptz
);

-- Ids sort by time, so these also page through an account's or everybody's jobs, newest first.
create index jobs_of_account on easel.jobs (account_id, id desc);
create index jobs_unfinished on easel.jobs (model, id) where state in ('queued', 'running');
create index jobs_expiring on easel.jobs (expires_at) where expires_at is not null;

create table easel.job_images (
  name char(32) primary key check (name ~ '^[0-9a-f]{32}$'),
  job_id uuid not null references easel.jobs on delete cascade,
  index integer not null check (index >= 0),
  format text not null check (format in ('jpeg', 'png', 'webp')),
  width integer not null,
  height integer not null,
  bytes integer not null,
  seed bigint not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  deleted_at timestamptz,
  unique (job_id, index)
);

create index job_images_expiring on easel.job_images (expires_at) where deleted_at is null and expires_at is not null;

create table easel.idempotency (
  account_id uuid not null references easel.accounts,
  key text not null,
  body_hash bytea not null,
  job_id uuid not null references easel.jobs on delete cascade,
  created_at timestamptz not null default now(),
  primary key (account_id, key)
);

create index idempotency_of_job on easel.idempotency (job_id);
create index idempotency_by_age on easel.idempotency (created_at);
`;

/**
 * The state of the running service. Unlogged tables are emptied by a crash of the database: their rows are worth nothing
 * a minute later, and they are written with every step and request.
 */
const operation = `
create unlogged table easel.job_events (
  id bigint generated always as identity primary key,
  job_id uuid not null references easel.jobs on delete cascade,
  kind text not null,
  data jsonb not null,
  preview bytea,
  created_at timestamptz not null default now()
);

create index job_events_of_job on easel.job_events (job_id, id);

create unlogged table easel.rate_windows (
  key_id uuid not null references easel.api_keys,
  window_start timestamptz not null,
  count integer not null,
  primary key (key_id, window_start)
);

create table easel.workers (
  id uuid primary key,
  hostname text not null,
  pid integer not null,
  models text[] not null,
  started_at timestamptz not null,
  seen_at timestamptz not null,
  state text not null,
  running_job uuid,
  memory bigint
);

create table easel.settings (
  name text primary key,
  value jsonb not null
);

create table easel.model_speed (
  model text primary key,
  ms_per_step_megapixel double precision not null,
  ms_per_image double precision not null,
  runs integer not null
);
`;

/** Every table, in the order in which they refer to one another. */
export const initial: Migration = {
  async up(database: Kysely<unknown>): Promise<void> {
    for (const statements of [accountsAndKeys, ledger, ledgerGuards, holds, jobs, operation]) {
      await sql.raw(statements).execute(database);
    }
  },
};
