import type { Database, Queries } from '../database/database.ts';
import { dueMonths, oldestMonth, type RefillTerms } from '../keys/refill-plan.ts';
import { lockBalance, moveCredits } from './ledger.ts';

export interface RefilledMonth {
  readonly accountId: string;
  readonly month: string;
  /** Micro-credits; 0 where there was enough to begin with. */
  readonly amount: bigint;
}

/**
 * Refills all open accounts whose day has come. Several servers may do so at the same time, as often as they like: whoever writes the row
 * of the month first grants the credits, in the same transaction.
 */
export async function refillAccounts(
  database: Pick<Database, 'transaction'>,
  now: Date,
): Promise<readonly RefilledMonth[]> {
  const refills = await database.transaction((queries) => listRefills(queries, now));
  const refilled: RefilledMonth[] = [];
  for (const { accountId, months } of refills) {
    for (const month of months) {
      const amount = await database.transaction((queries) => refillMonth(queries, { accountId, month, now }));
      if (amount !== null) refilled.push({ accountId, month, amount });
    }
  }
  return refilled;
}

async function listRefills(queries: Queries, now: Date) {
  const rows = await queries
    .selectFrom('refills')
    .innerJoin('accounts', 'accounts.id', 'refills.account_id')
    .select(['account_id', 'day', 'since'])
    .where('closed_at', 'is', null)
    .orderBy('account_id')
    .execute();
  const done = await queries
    .selectFrom('refill_months')
    .select(['account_id', 'month'])
    .where('month', '>=', oldestMonth(now))
    .execute();
  const doneOf = Map.groupBy(done, ({ account_id }) => account_id);
  return rows.map(({ account_id: accountId, since, day }) => {
    const months = (doneOf.get(accountId) ?? []).map(({ month }) => month);
    return { accountId, months: dueMonths({ day, since }, months, now) };
  });
}

interface MonthToRefill {
  readonly accountId: string;
  readonly month: string;
  readonly now: Date;
}

/** @returns what was granted; null when the month was done before, and when the account has been closed or is not refilled any more */
async function refillMonth(queries: Queries, { accountId, month, now }: MonthToRefill): Promise<bigint | null> {
  const balance = await lockBalance(queries, accountId);
  const terms = await termsOf(queries, accountId);
  if (balance === null || terms === undefined) return null;
  // What is held counts: it may come back, when a job is cancelled.
  const missing = terms.amount - balance.available - balance.held;
  const topUp = missing > 0n ? missing : 0n;
  const amount = terms.mode === 'add' ? terms.amount : topUp;
  const done = await queries
    .insertInto('refill_months')
    .values({ account_id: accountId, month, amount, refilled_at: now })
    .onConflict((conflict) => conflict.columns(['account_id', 'month']).doNothing())
    .returning('month')
    .executeTakeFirst();
  if (done === undefined) return null;
  const note = `monthly refill ${month}`;
  if (amount > 0n) await moveCredits(queries, { kind: 'grant', accountId, keyId: null, jobId: null, note, amount });
  return amount;
}

/** As they are now: they may have changed since the account was found to be due. */
function termsOf(queries: Queries, accountId: string): Promise<Pick<RefillTerms, 'amount' | 'mode'> | undefined> {
  return (
    queries
      .selectFrom('refills')
      .innerJoin('accounts', 'accounts.id', 'refills.account_id')
      .select(['amount', 'mode'])
      .where('account_id', '=', accountId)
      .where('closed_at', 'is', null)
      // Not of the account: submissions lock that before the balance.
      .forShare('refills')
      .executeTakeFirst()
  );
}
