import type { Balance } from '../credits/ledger-port.ts';
import type { Transaction } from '../database/database.ts';

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

/** What may be decided anew; what is absent stays. */
export type AccountChanges = Partial<Omit<NewAccount, 'id'>>;

export interface AccountsPage {
  /** Only accounts older than this one; null: from the newest on. */
  readonly before: string | null;
  readonly limit: number;
}

export interface Accounts {
  /** With a balance of zero. @returns false, and nothing has changed, when the name is taken */
  insert(transaction: Transaction, account: NewAccount): Promise<boolean>;
  find(transaction: Transaction, id: string): Promise<Account | null>;
  findByName(transaction: Transaction, name: string): Promise<Account | null>;
  /** Locks the account until the transaction ends, so that others who want to lock it wait. */
  lockByName(transaction: Transaction, name: string): Promise<Account | null>;
  /** @returns null when there is no such account; false, and nothing has changed, when the name is taken */
  change(transaction: Transaction, id: string, changes: AccountChanges): Promise<Account | null | false>;
  /** Newest first. */
  list(transaction: Transaction, page: AccountsPage): Promise<Account[]>;
}
