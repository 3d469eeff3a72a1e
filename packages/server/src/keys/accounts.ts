import type { Selectable } from 'kysely';
import type { Database, Queries } from '../database/database.ts';
import type { AccountsTable, BalancesTable } from '../database/tables.ts';
import { DomainError } from '../domain-error.ts';
import { newId } from '../ids.ts';

/** In micro-credits. `available` can be spent; `held` is reserved for jobs that have not ended. */
export interface Balance {
  readonly available: bigint;
  readonly held: bigint;
}

export interface Account {
  readonly id: string;
  readonly name: string;
  /** Jobs that may run at the same time; null: the server's own limit. */
  readonly maxConcurrent: number | null;
  /** Jobs that may wait; null: the server's own limit. */
  readonly maxQueued: number | null;
  readonly createdAt: Date;
  readonly balance: Balance;
}

export interface NewAccount {
  readonly id: string;
  readonly name: string;
  readonly maxConcurrent: number | null;
  readonly maxQueued: number | null;
}

/** What may be changed; what is absent stays. */
export type AccountChanges = Partial<Omit<NewAccount, 'id'>>;

export interface AccountsPage {
  /** Only accounts older than this one; null: from the newest on. */
  readonly before: string | null;
  readonly limit: number;
}

/** Who keys, jobs and credits belong to. */
export class AccountService {
  readonly #database: Database;

  constructor({ database }: { readonly database: Database }) {
    this.#database = database;
  }

  /** A new account has no credits. @throws DomainError `conflict` when the name is taken */
  create(account: Omit<NewAccount, 'id'>): Promise<Account> {
    const id = newId();
    return this.#database.transaction(async (queries) => {
      if (!(await insertAccount(queries, { ...account, id }))) throw nameTaken(account.name);
      return (await findAccount(queries, id)) ?? noAccount(id);
    });
  }

  /** What is absent stays. A new limit holds for jobs from now on. @throws DomainError `not_found`, `conflict` when the name is taken */
  change(id: string, changes: AccountChanges): Promise<Account> {
    const { name } = changes;
    return this.#database.transaction(async (queries) => {
      if (name !== undefined && (await isNameTaken(queries, name, id))) throw nameTaken(name);
      await updateAccount(queries, id, changes);
      return (await findAccount(queries, id)) ?? noAccount(id);
    });
  }

  /** @throws DomainError `not_found` */
  async get(id: string): Promise<Account> {
    return (await this.#database.transaction((queries) => findAccount(queries, id))) ?? noAccount(id);
  }

  /** Newest first. */
  list({ before, limit }: AccountsPage): Promise<Account[]> {
    return this.#database.transaction(async (queries) => {
      let rows = accountRows(queries).orderBy('accounts.id', 'desc').limit(limit);
      if (before !== null) rows = rows.where('accounts.id', '<', before);
      return (await rows.execute()).map(accountOf);
    });
  }
}

function nameTaken(name: string): DomainError {
  const message = `there is an account named "${name}" already`;
  return new DomainError('conflict', message, { remedy: 'choose another name', param: 'name' });
}

function noAccount(id: string): never {
  throw new DomainError('not_found', `there is no account ${id}`);
}

/** With a balance of zero. @returns false, and nothing has changed, when the name is taken */
export async function insertAccount(
  queries: Queries,
  { id, name, maxConcurrent, maxQueued }: NewAccount,
): Promise<boolean> {
  const inserted = await queries
    .insertInto('accounts')
    .values({ id, name, max_concurrent: maxConcurrent, max_queued: maxQueued })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .returning('id')
    .executeTakeFirst();
  if (inserted === undefined) return false;
  await queries.insertInto('balances').values({ account_id: id }).execute();
  return true;
}

export async function findAccount(queries: Queries, id: string): Promise<Account | null> {
  const row = await accountRows(queries).where('accounts.id', '=', id).executeTakeFirst();
  return row === undefined ? null : accountOf(row);
}

export async function findAccountByName(queries: Queries, name: string): Promise<Account | null> {
  const row = await accountRows(queries).where('accounts.name', '=', name).executeTakeFirst();
  return row === undefined ? null : accountOf(row);
}

/** Locks the account until the transaction ends, so that others who want to lock it wait. */
export async function lockAccountByName(queries: Queries, name: string): Promise<Account | null> {
  const row = await accountRows(queries)
    .where('accounts.name', '=', name)
    .forNoKeyUpdate('accounts')
    .executeTakeFirst();
  return row === undefined ? null : accountOf(row);
}

async function updateAccount(
  queries: Queries,
  id: string,
  { name, maxConcurrent, maxQueued }: AccountChanges,
): Promise<void> {
  const values = {
    ...(name !== undefined && { name }),
    ...(maxConcurrent !== undefined && { max_concurrent: maxConcurrent }),
    ...(maxQueued !== undefined && { max_queued: maxQueued }),
  };
  await queries.updateTable('accounts').set(values).where('id', '=', id).execute();
}

async function isNameTaken(queries: Queries, name: string, id: string): Promise<boolean> {
  const other = queries.selectFrom('accounts').select('id').where('name', '=', name).where('id', '<>', id);
  return (await other.executeTakeFirst()) !== undefined;
}

function accountRows(queries: Queries) {
  return queries
    .selectFrom('accounts')
    .innerJoin('balances', 'balances.account_id', 'accounts.id')
    .select(['id', 'name', 'max_concurrent', 'max_queued', 'created_at', 'available', 'held']);
}

type AccountRow = Pick<Selectable<AccountsTable>, 'id' | 'name' | 'max_concurrent' | 'max_queued' | 'created_at'> &
  Pick<Selectable<BalancesTable>, 'available' | 'held'>;

function accountOf({ id, name, created_at, available, held, ...limits }: AccountRow): Account {
  const { max_concurrent: maxConcurrent, max_queued: maxQueued } = limits;
  return { id, name, maxConcurrent, maxQueued, createdAt: created_at, balance: { available, held } };
}
