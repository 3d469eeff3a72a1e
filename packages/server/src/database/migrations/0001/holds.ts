/**
 * What is reserved for a job until it ends. A hold outlives the record of its job, as the ledger does, so it refers to no
 * row of `jobs` and has itself what usage is counted by.
 */
export const holds = `
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
