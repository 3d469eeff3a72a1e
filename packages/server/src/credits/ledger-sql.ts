import type { Transaction } from '../database/database.ts';
import { queriesOf } from '../database/transaction.ts';
import { usedInMonth } from '../keys/key-months-sql.ts';
import { endHold, placeHold } from './holds-sql.ts';
import { lockBalance, move } from './ledger-movement-sql.ts';
import type {
  Balance,
  Grant,
  GrantOutcome,
  Hold,
  HoldOutcome,
  Ledger,
  LedgerRecord,
  LedgerSlice,
  UsagePeriod,
  UsageRecord,
} from './ledger-port.ts';
import { findGrant, sliceOfLedger, usageOf } from './ledger-reports-sql.ts';

export const ledgerInPostgres: Ledger = {
  async grant(transaction: Transaction, grant: Grant): Promise<GrantOutcome | null> {
    const queries = queriesOf(transaction);
    const balance = await lockBalance(queries, grant.accountId);
    if (balance === undefined) return null;
    const earlier = await findGrant(queries, grant);
    if (earlier !== undefined) return { kind: 'repeated', record: earlier };
    const { available } = balance;
    if (available + grant.amount < 0n) return { kind: 'insufficient', available };
    return { kind: 'granted', record: await move(queries, { ...grant, kind: 'grant', keyId: null, jobId: null }) };
  },

  hold(transaction: Transaction, hold: Hold): Promise<HoldOutcome | null> {
    return placeHold(queriesOf(transaction), hold);
  },

  charge(transaction: Transaction, jobId: string, now: Date): Promise<boolean> {
    return endHold(queriesOf(transaction), jobId, { kind: 'charge', now });
  },

  release(transaction: Transaction, jobId: string, now: Date): Promise<boolean> {
    return endHold(queriesOf(transaction), jobId, { kind: 'release', now });
  },

  async balanceOf(transaction: Transaction, accountId: string): Promise<Balance | null> {
    const balance = await queriesOf(transaction)
      .selectFrom('balances')
      .select(['available', 'held'])
      .where('account_id', '=', accountId)
      .executeTakeFirst();
    return balance ?? null;
  },

  entries(transaction: Transaction, slice: LedgerSlice): Promise<LedgerRecord[]> {
    return sliceOfLedger(queriesOf(transaction), slice);
  },

  usage(transaction: Transaction, period: UsagePeriod): Promise<UsageRecord[]> {
    return usageOf(queriesOf(transaction), period);
  },

  usedInMonth(transaction: Transaction, keyIds: readonly string[], month: string): Promise<Map<string, bigint>> {
    return usedInMonth(queriesOf(transaction), keyIds, month);
  },
};
