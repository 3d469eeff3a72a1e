import type { Transaction } from '../database/database.ts';

export interface ServerIdentity {
  /** Of one run of the server. */
  readonly id: string;
  /** Of its data folder, which one server at a time has. */
  readonly place: string;
}

/** The servers that have clients waiting. */
export interface Servers {
  /** Tells that it lives. @returns what time it is for the database */
  put(transaction: Transaction, server: ServerIdentity): Promise<Date>;
  remove(transaction: Transaction, id: string): Promise<void>;
  /**
   * Jobs that have not ended and whose client waited on a server that is gone: one that said goodbye, an earlier one of the same
   * place, or one that has been silent for so long (null: however long).
   */
  abandonedJobs(transaction: Transaction, self: ServerIdentity, silentForSeconds: number | null): Promise<string[]>;
  /** Forgets earlier servers of the same place, and those that have been silent for so long (null: however long). */
  removeDead(transaction: Transaction, self: ServerIdentity, silentForSeconds: number | null): Promise<void>;
}
