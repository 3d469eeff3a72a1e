/** What was asked for and what came of it. A job's rows go with its record. */
export const jobs = `
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
