import { sql } from 'kysely';
import type { Clock } from '../clock.ts';
import type { Database, Queries } from '../database/database.ts';
import { DomainError } from '../domain-error.ts';
import { newId } from '../ids.ts';
import { listKeys, revokeKey } from './key-table.ts';
import { nextRefill, oldestMonth, type RefillTerms } from './refill-plan.ts';

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
  /** null: it is open. */
  readonly closedAt: Date | null;
  /** null: none. */
  readonly refill: AccountRefill | null;
  readonly balance: Balance;
}

export interface AccountRefill extends RefillTerms {
  /** The day of the next refill; null: the account is closed. */
  readonly next: Date | null;
}

export interface NewAccount {
  readonly id: string;
  readonly name: string;
  readonly maxConcurrent: number | null;
  readonly maxQueued: number | null;
}

/** What may be changed; what is absent stays. */
export interface AccountChanges extends Partial<Omit<NewAccount, 'id'>> {
  /** null: no refills from now on. */
  readonly refill?: RefillTerms | null;
}

export interface ClosedAccount {
  readonly account: Account;
  /** The keys that were revoked. */
  readonly revokedKeys: readonly string[];
}

export interface AccountsPage {
  /** Only accounts older than this one; null: from the newest on. */
  readonly before: string | null;
  readonly limit: number;
}

/** Who keys, jobs and credits belong to. */
export class AccountService {
  readonly #database: Database;
  readonly #clock: Clock;

  constructor({ database, clock }: { readonly database: Database; readonly clock: Clock }) {
    this.#database = database;
    this.#clock = clock;
  }

  /** A new account has no credits. @throws DomainError `conflict` when the name is taken */
  create({ refill = null, ...account }: Omit<NewAccount, 'id'> & Pick<AccountChanges, 'refill'>): Promise<Account> {
    const id = newId();
    return this.#database.transaction(async (queries) => {
      if (!(await insertAccount(queries, { ...account, id }))) throw nameTaken(account.name);
      if (refill !== null) await this.#setRefill(queries, id, refill);
      return (await findAccount(queries, id, this.#clock.now())) ?? noAccount(id);
    });
  }

  /** What is absent stays. A new limit holds for jobs from now on. @throws DomainError `not_found`, `conflict` when the name is taken */
  change(id: string, changes: AccountChanges): Promise<Account> {
    const { name } = changes;
    return this.#database.transaction(async (queries) => {
      if (name !== undefined && (await isNameTaken(queries, name, id))) throw nameTaken(name);
      if (!(await lockAccount(queries, id))) return noAccount(id);
      await updateAccount(queries, id, changes);
      if (changes.refill !== undefined) await this.#setRefill(queries, id, changes.refill);
      return (await findAccount(queries, id, this.#clock.now())) ?? noAccount(id);
    });
  }

  /** @throws DomainError `not_found` */
  async get(id: string): Promise<Account> {
    const now = this.#clock.now();
    return (await this.#database.transaction((queries) => findAccount(queries, id, now))) ?? noAccount(id);
  }

  /** Newest first. */
  list({ before, limit }: AccountsPage): Promise<Account[]> {
    const now = this.#clock.now();
    return this.#database.transaction(async (queries) => {
      let rows = accountRows(queries, now).orderBy('accounts.id', 'desc').limit(limit);
      if (before !== null) rows = rows.where('accounts.id', '<', before);
      return (await rows.execute()).map((row) => accountOf(row, now));
    });
  }

  /**
   * Closes an account: its keys are revoked, for ever, and it gets no more keys, grants and refills. Its balance stays, and so do its
   * pictures until they expire, and what it has saved for a while: see `deleteSavedByClosedAccounts`. Closing it again changes nothing.
   *
   * @throws DomainError `not_found`, `conflict` for an account with an admin key: closing it could shut everybody out
   */
  close(id: string): Promise<ClosedAccount> {
    const now = this.#clock.now();
    return this.#database.transaction(async (queries) => {
      if (!(await lockAccount(queries, id))) return noAccount(id);
      const keys = (await listKeys(queries, id)).filter(({ revokedAt }) => revokedAt === null);
      const admin = keys.find(
        ({ scopes, expiresAt }) => scopes.includes('admin') && (expiresAt === null || expiresAt > now),
      );
      if (admin !== undefined) throw hasAdminKey(admin.name);
      for (const key of keys) await revokeKey(queries, key.id, now);
      await queries
        .updateTable('accounts')
        .set(({ fn, ref, val }) => ({ closed_at: fn.coalesce(ref('closed_at'), val(now)) }))
        .where('id', '=', id)
        .execute();
      const account = (await findAccount(queries, id, now)) ?? noAccount(id);
      return { account, revokedKeys: keys.map((key) => key.id) };
    });
  }

  /** It needs new keys; refills begin again, and those of the time in between are not made up for. @throws DomainError `not_found` */
  reopen(id: string): Promise<Account> {
    const now = this.#clock.now();
    return this.#database.transaction(async (queries) => {
      if (!(await lockAccount(queries, id))) return noAccount(id);
      const account = (await findAccount(queries, id, now)) ?? noAccount(id);
      if (account.closedAt === null) return account;
      await queries.updateTable('accounts').set({ closed_at: null }).where('id', '=', id).execute();
      await queries.updateTable('refills').set({ since: now }).where('account_id', '=', id).execute();
      return (await findAccount(queries, id, now)) ?? noAccount(id);
    });
  }

  /** Other terms count from today on; a month that is done stays done. */
  async #setRefill(queries: Queries, id: string, refill: RefillTerms | null): Promise<void> {
    if (refill === null) {
      await queries.deleteFrom('refills').where('account_id', '=', id).execute();
      return;
    }
    const values = { ...refill, since: this.#clock.now() };
    await queries
      .insertInto('refills')
      .values({ account_id: id, ...values })
      .onConflict((conflict) => conflict.column('account_id').doUpdateSet(values))
      .execute();
  }
}

function hasAdminKey(name: string): DomainError {
  return new DomainError('conflict', `the account has an admin key, "${name}"`, {
    remedy: 'revoke it first, with another admin key: an account that administers the server is not closed by mistake',
  });
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

/** Its changes run one after another. @returns whether there is such an account */
export async function lockAccount(queries: Queries, id: string): Promise<boolean> {
  const rows = queries.selectFrom('accounts').select('id').where('id', '=', id).forNoKeyUpdate();
  return (await rows.executeTakeFirst()) !== undefined;
}

/** Keeps the account from being closed until the transaction ends. @throws DomainError `not_found`, `conflict` for a closed account */
export async function requireOpenAccount(queries: Queries, id: string): Promise<void> {
  const rows = queries.selectFrom('accounts').select(['name', 'closed_at']).where('id', '=', id).forShare();
  const account = await rows.executeTakeFirst();
  if (account === undefined) throw new DomainError('not_found', `there is no account ${id}`, { param: 'account_id' });
  if (account.closed_at !== null) throw accountClosed(account.name);
}

/** @returns false also where there is no such account */
export async function isOpenAccount(queries: Queries, id: string): Promise<boolean> {
  const rows = queries.selectFrom('accounts').select('id').where('id', '=', id).where('closed_at', 'is', null);
  return (await rows.forShare().executeTakeFirst()) !== undefined;
}

function accountClosed(name: string): DomainError {
  return new DomainError('conflict', `the account "${name}" is closed`, { remedy: 'reopen it first' });
}

/**
 * Deletes what closed accounts have saved beside their pictures, collections and styles, once the last of those is gone: an account that is
 * reopened before that finds everything as it was.
 *
 * @param closedBefore an account that was closed later keeps everything: it may have been closed by mistake, and have no pictures
 * @returns how many
 */
export async function deleteSavedByClosedAccounts(queries: Queries, closedBefore: Date): Promise<number> {
  const isOver = sql<boolean>`exists (
    select from easel.accounts where accounts.id = saved.account_id and closed_at < ${closedBefore}
  ) and not exists (
    select from easel.job_images join easel.jobs on jobs.id = job_id
    where jobs.account_id = saved.account_id and job_images.deleted_at is null
  )`;
  const collections = await queries.deleteFrom('collections as saved').where(isOver).executeTakeFirst();
  const styles = await queries.deleteFrom('styles as saved').where(isOver).executeTakeFirst();
  return Number(collections.numDeletedRows + styles.numDeletedRows);
}

async function findAccount(queries: Queries, id: string, now: Date): Promise<Account | null> {
  const row = await accountRows(queries, now).where('accounts.id', '=', id).executeTakeFirst();
  return row === undefined ? null : accountOf(row, now);
}

/** @returns its id; null when there is none */
export async function findAccountByName(queries: Queries, name: string): Promise<string | null> {
  const row = await queries.selectFrom('accounts').select('id').where('name', '=', name).executeTakeFirst();
  return row?.id ?? null;
}

/** Locks the account until the transaction ends, so that others who want to lock it wait. @returns its id; null when there is none */
export async function lockAccountByName(queries: Queries, name: string): Promise<string | null> {
  const rows = queries.selectFrom('accounts').select('id').where('name', '=', name).forNoKeyUpdate();
  return (await rows.executeTakeFirst())?.id ?? null;
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
  if (Object.keys(values).length === 0) return;
  await queries.updateTable('accounts').set(values).where('id', '=', id).execute();
}

async function isNameTaken(queries: Queries, name: string, id: string): Promise<boolean> {
  const other = queries.selectFrom('accounts').select('id').where('name', '=', name).where('id', '<>', id);
  return (await other.executeTakeFirst()) !== undefined;
}

function accountRows(queries: Queries, now: Date) {
  const done = sql<string[]>`array(select month from easel.refill_months
    where refill_months.account_id = accounts.id and month >= ${oldestMonth(now)})`;
  return queries
    .selectFrom('accounts')
    .innerJoin('balances', 'balances.account_id', 'accounts.id')
    .leftJoin('refills', 'refills.account_id', 'accounts.id')
    .select(['id', 'name', 'max_concurrent', 'max_queued', 'created_at', 'closed_at', 'available', 'held'])
    .select(['refills.amount', 'refills.day', 'refills.mode', 'refills.since', done.as('done')]);
}

type AccountRow = Awaited<ReturnType<ReturnType<typeof accountRows>['executeTakeFirstOrThrow']>>;

function accountOf({ id, name, available, held, ...row }: AccountRow, now: Date): Account {
  const { max_concurrent: maxConcurrent, max_queued: maxQueued, created_at: createdAt, closed_at: closedAt } = row;
  const balance = { available, held };
  return { id, name, maxConcurrent, maxQueued, createdAt, closedAt, refill: refillOf(row, now), balance };
}

type RefillRow = Pick<AccountRow, 'amount' | 'day' | 'mode' | 'since' | 'done' | 'closed_at'>;

function refillOf({ amount, day, mode, since, done, ...row }: RefillRow, now: Date): AccountRefill | null {
  if (amount === null || day === null || mode === null || since === null) return null;
  const next = row.closed_at === null ? nextRefill({ day, since }, done, now) : null;
  return { amount, day, mode, next };
}
