import type { KeyScope } from '@easel/contract';
import type { Transaction } from '../database/database.ts';
import type { KeyOrigin } from '../database/tables.ts';

/** What an administrator decides about a key. */
export interface KeyTerms {
  readonly accountId: string;
  readonly name: string;
  readonly scopes: readonly KeyScope[];
  /** The only models it may use; null: all. */
  readonly models: readonly string[] | null;
  /** Micro-credits a calendar month (UTC); null: no limit but the balance. */
  readonly monthlyBudget: bigint | null;
  /** null: the server's own limit. */
  readonly requestsPerMinute: number | null;
  readonly expiresAt: Date | null;
}

/** What may be decided anew; what is absent stays. */
export type KeyChanges = Partial<Omit<KeyTerms, 'accountId'>>;

export interface KeyRecord extends KeyTerms {
  readonly id: string;
  /** The last four characters, for people to recognise it by. */
  readonly hint: string;
  readonly origin: KeyOrigin;
  readonly revokedAt: Date | null;
  readonly createdAt: Date;
  readonly lastUsedAt: Date | null;
}

export interface NewKey extends KeyTerms {
  readonly id: string;
  /** The keyed hash of the key's text: 32 bytes. */
  readonly hash: Uint8Array;
  readonly hint: string;
  readonly origin: KeyOrigin;
  readonly createdAt: Date;
}

export interface Keys {
  insert(transaction: Transaction, key: NewKey): Promise<KeyRecord>;
  findByHash(transaction: Transaction, hash: Uint8Array): Promise<KeyRecord | null>;
  /** Also keeps it from being changed until the transaction ends. */
  hold(transaction: Transaction, id: string): Promise<KeyRecord | null>;
  /** Newest first; of one account, or of all for null. Revoked and expired keys are among them. */
  list(transaction: Transaction, accountId: string | null): Promise<KeyRecord[]>;
  /** Those of one origin in one account. */
  listOfOrigin(transaction: Transaction, accountId: string, origin: KeyOrigin): Promise<KeyRecord[]>;
  /** For ever; the time of an earlier revocation stays. @returns null when there is no such key */
  revoke(transaction: Transaction, id: string, now: Date): Promise<KeyRecord | null>;
  /** @returns null when there is no such key */
  change(transaction: Transaction, id: string, changes: KeyChanges): Promise<KeyRecord | null>;
  noteUse(transaction: Transaction, id: string, now: Date): Promise<void>;
}
