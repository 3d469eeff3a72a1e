import type { LedgerKind, UsageGroup } from '@easel/contract';
import type { Transaction } from '../database/database.ts';

/** In micro-credits. `available` can be spent; `held` is reserved for jobs that have not ended. */
export interface Balance {
  readonly available: bigint;
  readonly held: bigint;
}

export interface Grant {
  readonly accountId: string;
  /** Micro-credits; less than 0: taken back. */
  readonly amount: bigint;
  readonly note: string | null;
  /** The same key means the same grant, for ever; null: another one each time. */
  readonly idempotencyKey: string | null;
}

export type GrantOutcome =
  | { readonly kind: 'granted'; readonly record: LedgerRecord }
  /** The key was used before; nothing has changed. */
  | { readonly kind: 'repeated'; readonly record: LedgerRecord }
  /** More was to be taken back than can be spent. */
  | { readonly kind: 'insufficient'; readonly available: bigint };

export interface Hold {
  readonly jobId: string;
  readonly accountId: string;
  readonly keyId: string;
  /** What usage is counted by, also after the record of the job is gone. */
  readonly model: string;
  readonly samples: number;
  /** Micro-credits; 0 for work that is free. */
  readonly amount: bigint;
  /** `YYYY-MM`: the month of the key's budget that the amount counts against. */
  readonly month: string;
}

/** A key's budget for one month and what has been used of it, in micro-credits. */
export interface Budget {
  readonly limit: bigint;
  readonly spent: bigint;
  readonly held: bigint;
}

export type HoldOutcome =
  | { readonly kind: 'held'; readonly balance: Balance }
  | { readonly kind: 'insufficient'; readonly balance: Balance }
  | { readonly kind: 'over-budget'; readonly balance: Balance; readonly budget: Budget };

/** One transaction of an account and what it did to what can be spent. */
export interface LedgerRecord {
  readonly id: bigint;
  readonly accountId: string;
  readonly kind: LedgerKind;
  readonly keyId: string | null;
  readonly jobId: string | null;
  readonly note: string | null;
  /** The change of what can be spent, in micro-credits: less for a hold, more for a release, none for a charge. */
  readonly amount: bigint;
  /** Micro-credits that a charge has charged; 0 of all else. */
  readonly charged: bigint;
  /** What could be spent after it. */
  readonly remaining: bigint;
  readonly createdAt: Date;
}

export interface LedgerSlice {
  readonly accountId: string;
  /** Only transactions older than this one. */
  readonly before: bigint | null;
  readonly limit: number;
}

export interface UsagePeriod {
  readonly accountId: string;
  /** Included. */
  readonly from: Date;
  /** Not included. */
  readonly to: Date;
  readonly group: UsageGroup;
}

/** What was charged for in one group: a day (`YYYY-MM-DD`, UTC), a key's id or a model's name. */
export interface UsageRecord {
  readonly group: string;
  readonly jobs: number;
  readonly samples: number;
  readonly spent: bigint;
}

/** The credits of all accounts, in double entry. Each method that changes something locks the account until the end. */
export interface Ledger {
  /** @returns null when there is no such account */
  grant(transaction: Transaction, grant: Grant): Promise<GrantOutcome | null>;

  /**
   * Reserves the price of a job, against the balance and against the key's budget, or changes nothing and says why not.
   * A job is held for once: a second hold fails with an error of the database.
   *
   * @returns null when there is no such account
   */
  hold(transaction: Transaction, hold: Hold): Promise<HoldOutcome | null>;

  /** Spends what is held for the job. @returns whether this call ended the hold; false when it had ended before */
  charge(transaction: Transaction, jobId: string, now: Date): Promise<boolean>;

  /** Gives back what is held for the job. @returns whether this call ended the hold; false when it had ended before */
  release(transaction: Transaction, jobId: string, now: Date): Promise<boolean>;

  /** @returns null when there is no such account */
  balanceOf(transaction: Transaction, accountId: string): Promise<Balance | null>;

  /** Newest first. */
  entries(transaction: Transaction, slice: LedgerSlice): Promise<LedgerRecord[]>;

  /** Days in order, the others by what they spent; a group in which nothing was charged is absent. */
  usage(transaction: Transaction, period: UsagePeriod): Promise<UsageRecord[]>;

  /** Micro-credits that each of the keys has spent or reserved in the month (`YYYY-MM`); a key that has none is absent. */
  usedInMonth(transaction: Transaction, keyIds: readonly string[], month: string): Promise<Map<string, bigint>>;
}
