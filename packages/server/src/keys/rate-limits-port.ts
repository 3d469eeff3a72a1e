import type { Transaction } from '../database/database.ts';

/** Counts requests in windows of time, for all processes together. */
export interface RateLimits {
  /** Counts one more request of the key in the window. @returns how many there are now, this one included */
  count(transaction: Transaction, keyId: string, windowStart: Date): Promise<number>;
  /** Forgets windows that began before the time. */
  removeBefore(transaction: Transaction, time: Date): Promise<number>;
}
