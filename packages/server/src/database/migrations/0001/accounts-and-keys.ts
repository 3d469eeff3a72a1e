/** Who may ask for pictures. Keys are kept as keyed hashes only; `hint` is what a person recognises a key by. */
export const accountsAndKeys = `
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
