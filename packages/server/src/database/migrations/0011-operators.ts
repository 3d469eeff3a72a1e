import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/**
 * An administrator may correct an account below zero, so how far a balance may fall is in its row, and zero unless somebody said
 * otherwise. What is available after a refund or a correction is told as before.
 */
const corrections = `
alter table easel.balances
  add column floor bigint not null default 0 check (floor <= 0),
  drop constraint balances_available_check,
  add constraint balances_available_check check (available >= floor);

alter table easel.ledger_transactions
  drop constraint ledger_transactions_remaining_check,
  drop constraint ledger_transactions_kind_check,
  add constraint ledger_transactions_kind_check check (kind in ('grant', 'hold', 'charge', 'release', 'refund'));
`;

/** The primary key makes a refund the only one of its job; the trigger, which needs the hold, bounds it, whichever program writes it. */
const refunds = `
create table easel.refunds (
  job_id uuid primary key,
  account_id uuid not null references easel.accounts,
  amount bigint not null check (amount > 0),
  reason text not null check (reason <> ''),
  refunded_by uuid not null references easel.api_keys,
  refunded_at timestamptz not null
);

create index refunds_by_time on easel.refunds (refunded_at);

create function easel.guard_refund() returns trigger language plpgsql as $$
begin
  if not exists (
    select from easel.holds
    where job_id = new.job_id and account_id = new.account_id and state = 'charged' and amount >= new.amount
  ) then
    raise exception 'job % was not charged %', new.job_id, new.amount using errcode = 'check_violation';
  end if;
  return new;
end $$;

create trigger at_most_the_charge before insert on easel.refunds for each row execute function easel.guard_refund();
create trigger append_only before update or delete or truncate on easel.refunds
  for each statement execute function easel.refuse_change();
`;

/** A month of an account that is in `refill_months` has been refilled; the primary key makes that happen once. */
const refills = `
create table easel.refills (
  account_id uuid primary key references easel.accounts on delete cascade,
  amount bigint not null check (amount > 0),
  day integer not null check (day between 1 and 31),
  mode text not null check (mode in ('add', 'top_up')),
  since timestamptz not null
);

create table easel.refill_months (
  account_id uuid not null references easel.accounts,
  month text not null check (month ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'),
  amount bigint not null check (amount >= 0),
  refilled_at timestamptz not null,
  primary key (account_id, month)
);

create trigger append_only before update or delete or truncate on easel.refill_months
  for each statement execute function easel.refuse_change();
`;

/** Written before the action, and completed once with what came of it: an action without a line cannot be. */
const auditLog = `
create table easel.audit_log (
  id bigint generated always as identity primary key,
  request_id uuid not null unique,
  key_id uuid not null references easel.api_keys,
  client text not null,
  action text not null,
  account_id uuid,
  subject text,
  details jsonb not null,
  status integer,
  created_at timestamptz not null
);

create index audit_log_of_account on easel.audit_log (account_id, id desc);

create function easel.guard_audit() returns trigger language plpgsql as $$
begin
  if old.status is not null
    or (new.id, new.request_id, new.key_id, new.client, new.action, new.details, new.created_at)
      is distinct from (old.id, old.request_id, old.key_id, old.client, old.action, old.details, old.created_at) then
    raise exception 'easel.audit_log keeps what was written' using errcode = 'restrict_violation';
  end if;
  return new;
end $$;

create trigger completed_once before update on easel.audit_log for each row execute function easel.guard_audit();
create trigger never_removed before delete or truncate on easel.audit_log
  for each statement execute function easel.refuse_change();
`;

/**
 * What operators need: refunds, corrections below zero, monthly refills, closed accounts, a log of what administrators did, and the trace
 * that a job belongs to. Processes of the release before go on working: they neither write nor need any of it.
 */
export const operators: Migration = {
  async up(database: Kysely<unknown>): Promise<void> {
    for (const statements of [corrections, refunds, refills, auditLog]) await sql.raw(statements).execute(database);
    await sql`alter table easel.accounts add column closed_at timestamptz`.execute(database);
    // The W3C Trace Context that the job came with (traceparent).
    await sql`alter table easel.jobs add column traceparent text`.execute(database);
  },
};
