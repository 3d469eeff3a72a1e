import type { Transaction } from '../database/database.ts';

export interface IdempotencyRecord {
  readonly accountId: string;
  /** As the client sent it. */
  readonly key: string;
  /** SHA-256 of the body; another body under the same key is refused. */
  readonly bodyHash: Uint8Array;
  readonly jobId: string;
  readonly createdAt: Date;
}

export interface Idempotency {
  find(transaction: Transaction, accountId: string, key: string): Promise<IdempotencyRecord | null>;
  /** Takes the place of an earlier record of the key. */
  put(transaction: Transaction, record: IdempotencyRecord): Promise<void>;
  /** @returns how many */
  deleteBefore(transaction: Transaction, time: Date): Promise<number>;
}
