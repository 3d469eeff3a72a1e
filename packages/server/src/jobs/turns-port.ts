import type { Transaction } from '../database/database.ts';

/** Where an account stands in the queue. */
export interface AccountTurn {
  /** The virtual time at which its last job ends. */
  readonly virtualFinish: bigint;
  /** Jobs that may run at the same time; null: the server's own limit. */
  readonly maxConcurrent: number | null;
  /** Jobs that may wait; null: the server's own limit. */
  readonly maxQueued: number | null;
}

/** The virtual clock of start-time fair queueing (Goyal, Vin, Cheng 1996, §2). */
export interface Turns {
  /** Locks the account's turn until the transaction ends: jobs of one account are taken one after another. */
  lock(transaction: Transaction, accountId: string): Promise<AccountTurn | null>;
  setVirtualFinish(transaction: Transaction, accountId: string, virtualFinish: bigint): Promise<void>;
  /** The largest start tag of a job that has been started. */
  virtualTime(transaction: Transaction): Promise<bigint>;
  /** Never goes back. */
  advanceVirtualTime(transaction: Transaction, virtualStart: bigint): Promise<void>;
}
