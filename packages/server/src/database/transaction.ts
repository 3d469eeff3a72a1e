import type { Transaction as KyselyTransaction } from 'kysely';
import type { Transaction } from './database.ts';
import type { Tables } from './tables.ts';

/** The domain's opaque transaction over kysely's. */
export class OpenTransaction implements Transaction {
  readonly kind = 'transaction';
  readonly queries: KyselyTransaction<Tables>;

  constructor(queries: KyselyTransaction<Tables>) {
    this.queries = queries;
  }
}

/**
 * What a repository runs its queries on.
 *
 * @throws TypeError for a transaction of another database
 * @example
 * await queriesOf(transaction).selectFrom('accounts').selectAll().execute();
 */
export function queriesOf(transaction: Transaction): KyselyTransaction<Tables> {
  if (transaction instanceof OpenTransaction) return transaction.queries;
  throw new TypeError('this transaction was not opened by the database');
}
