/** An open transaction. Only `db/` knows what is in it; the domain passes it on. */
export interface Transaction {
  readonly kind: 'transaction';
}

export interface Database {
  /**
   * Runs the work in one transaction: all of it happens, or nothing. Work that lost against a concurrent transaction is
   * run again, so it must do nothing but database work.
   */
  transaction<Result>(work: (transaction: Transaction) => Promise<Result>): Promise<Result>;
}
