import type { Selectable } from 'kysely';
import type { Transaction } from '../database/database.ts';
import type { AccountsTable, BalancesTable } from '../database/tables.ts';
import { queriesOf } from '../database/transaction.ts';
import type { Account, AccountChanges, Accounts, AccountsPage, NewAccount } from './accounts-port.ts';

export const accountsInPostgres: Accounts = {
  async insert(transaction: Transaction, { id, name, maxConcurrent, maxQueued }: NewAccount): Promise<boolean> {
    const queries = queriesOf(transaction);
    const inserted = await queries
      .insertInto('accounts')
      .values({ id, name, max_concurrent: maxConcurrent, max_queued: maxQueued })
      .onConflict((conflict) => conflict.column('name').doNothing())
      .returning('id')
      .executeTakeFirst();
    if (inserted === undefined) return false;
    await queries.insertInto('balances').values({ account_id: id }).execute();
    return true;
  },

  async find(transaction: Transaction, id: string): Promise<Account | null> {
    const row = await accountRows(transaction).where('accounts.id', '=', id).executeTakeFirst();
    return row === undefined ? null : accountOf(row);
  },

  async findByName(transaction: Transaction, name: string): Promise<Account | null> {
    const row = await accountRows(transaction).where('accounts.name', '=', name).executeTakeFirst();
    return row === undefined ? null : accountOf(row);
  },

  async lockByName(transaction: Transaction, name: string): Promise<Account | null> {
    const row = await accountRows(transaction)
      .where('accounts.name', '=', name)
      .forNoKeyUpdate('accounts')
      .executeTakeFirst();
    return row === undefined ? null : accountOf(row);
  },

  async change(transaction: Transaction, id: string, { name, maxConcurrent, maxQueued }: AccountChanges) {
    if (name !== undefined && (await isTaken(transaction, name, id))) return false;
    const values = {
      ...(name !== undefined && { name }),
      ...(maxConcurrent !== undefined && { max_concurrent: maxConcurrent }),
      ...(maxQueued !== undefined && { max_queued: maxQueued }),
    };
    await queriesOf(transaction).updateTable('accounts').set(values).where('id', '=', id).execute();
    return this.find(transaction, id);
  },

  async list(transaction: Transaction, { before, limit }: AccountsPage): Promise<Account[]> {
    let rows = accountRows(transaction).orderBy('accounts.id', 'desc').limit(limit);
    if (before !== null) rows = rows.where('accounts.id', '<', before);
    return (await rows.execute()).map(accountOf);
  },
};

async function isTaken(transaction: Transaction, name: string, id: string): Promise<boolean> {
  const other = queriesOf(transaction)
    .selectFrom('accounts')
    .select('id')
    .where('name', '=', name)
    .where('id', '<>', id);
  return (await other.executeTakeFirst()) !== undefined;
}

function accountRows(transaction: Transaction) {
  return queriesOf(transaction)
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
