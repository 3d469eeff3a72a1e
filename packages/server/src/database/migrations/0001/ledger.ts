/**
 * A double-entry ledger. Each transaction moves micro-credits between ledger accounts, so its entries sum to zero; what was
 * written is never changed. `balances` repeats the sums per account, and its row is the lock under which they change.
 */
export const ledger = `
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
export const ledgerGuards = `
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
