import { DomainError } from '../domain-error.ts';

/** An open transaction. Only `db/` knows what is in it; the domain passes it on. */
export interface Transaction {
  readonly kind: 'transaction';
}

export interface Database {
  /**
   * Runs the work in one transaction: all of it happens, or nothing. Work that lost against a concurrent transaction, or whose
   * connection was lost, is run again, so it must do nothing but database work.
   *
   * @throws DatabaseAway after some seconds, or at once when the connection was lost during the commit: then nobody knows
   *   whether it was done
   */
  transaction<Result>(work: (transaction: Transaction) => Promise<Result>): Promise<Result>;
}

const RETRY_AFTER_S = 2;

/** The database could not be reached, or went away in the middle. It passes: whoever can wait tries again. */
export class DatabaseAway extends DomainError {
  constructor(cause: unknown) {
    const message = 'the database cannot be reached at the moment; send the request again in a few seconds';
    super('overloaded', message, { retryAfterSeconds: RETRY_AFTER_S, cause });
    this.name = 'DatabaseAway';
  }
}
