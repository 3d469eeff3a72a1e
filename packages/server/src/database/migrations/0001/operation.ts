/**
 * What the running service tells itself. Unlogged tables are emptied by a crash of the database: their rows are worth nothing
 * a minute later, and they are written with every step and request.
 */
export const operation = `
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
