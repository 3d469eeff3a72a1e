import type { UsageGroup } from '@easel/contract';
import { type Transaction as Queries, type RawBuilder, sql } from 'kysely';
import type { LedgerRecord, LedgerSlice, UsagePeriod, UsageRecord } from '../../domain/ports/ledger.ts';
import type { Tables } from '../tables.ts';
import { ledgerAccount } from './ledger-movement.ts';

export async function sliceOfLedger(
  queries: Queries<Tables>,
  { accountId, before, limit }: LedgerSlice,
): Promise<LedgerRecord[]> {
  let page = queries
    .selectFrom('ledger_transactions as transaction')
    .leftJoin('ledger_entries as entry', (join) =>
      join
        .onRef('entry.transaction_id', '=', 'transaction.id')
        .on('entry.ledger_account', '=', ledgerAccount('available', accountId)),
    )
    .select(['id', 'kind', 'key_id', 'job_id', 'note', 'remaining', 'created_at', 'amount'])
    .where('account_id', '=', accountId)
    .orderBy('id', 'desc')
    .limit(limit);
  if (before !== null) page = page.where('id', '<', before);
  const rows = await page.execute();
  return rows.map(({ id, kind, key_id, job_id, note, remaining, created_at, amount }) => ({
    id,
    accountId,
    kind,
    keyId: key_id,
    jobId: job_id,
    note,
    amount: amount ?? 0n, // a charge takes from what is held
    remaining,
    createdAt: created_at,
  }));
}

const groupExpressions: Record<UsageGroup, RawBuilder<string>> = {
  day: sql<string>`to_char(ended_at at time zone 'UTC', 'YYYY-MM-DD')`,
  key: sql<string>`key_id::text`,
  model: sql<string>`model`,
};

/** From the holds, which outlive the records of the jobs. */
export async function usageOf(
  queries: Queries<Tables>,
  { accountId, from, to, group }: UsagePeriod,
): Promise<UsageRecord[]> {
  const grouped = queries
    .selectFrom('holds')
    .select([
      groupExpressions[group].as('group'),
      sql<number>`count(*)::integer`.as('jobs'),
      sql<number>`sum(samples)::integer`.as('samples'),
      sql<bigint>`sum(amount)::bigint`.as('spent'),
    ])
    .where('account_id', '=', accountId)
    .where('state', '=', 'charged')
    .where('ended_at', '>=', from)
    .where('ended_at', '<', to)
    .groupBy(sql`1`);
  const ordered = group === 'day' ? grouped : grouped.orderBy('spent', 'desc');
  return ordered.orderBy('group').execute();
}
