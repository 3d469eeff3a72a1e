import type { UsageGroup } from '@easel/contract';
import { type Transaction as Queries, type RawBuilder, sql } from 'kysely';
import type { Tables } from '../database/tables.ts';
import { ledgerAccount } from './ledger-movement-sql.ts';
import type { Grant, LedgerRecord, LedgerSlice, UsagePeriod, UsageRecord } from './ledger-port.ts';

export async function sliceOfLedger(
  queries: Queries<Tables>,
  { accountId, before, limit }: LedgerSlice,
): Promise<LedgerRecord[]> {
  let page = rowsOf(queries, accountId).orderBy('id', 'desc').limit(limit);
  if (before !== null) page = page.where('id', '<', before);
  return (await page.execute()).map(toRecord);
}

/** The earlier grant under the same key. */
export async function findGrant(
  queries: Queries<Tables>,
  { accountId, idempotencyKey }: Grant,
): Promise<LedgerRecord | undefined> {
  if (idempotencyKey === null) return undefined;
  const row = await rowsOf(queries, accountId).where('idempotency_key', '=', idempotencyKey).executeTakeFirst();
  return row && toRecord(row);
}

/** Transactions of an account, with what they did to the two parts of its credits. */
function rowsOf(queries: Queries<Tables>, accountId: string) {
  const entryOf = (part: 'available' | 'held') =>
    sql<bigint>`coalesce((select amount from easel.ledger_entries
      where transaction_id = id and ledger_account = ${ledgerAccount(part, accountId)}), 0)`;
  return queries
    .selectFrom('ledger_transactions')
    .select(['id', 'account_id', 'kind', 'key_id', 'job_id', 'note', 'remaining', 'created_at'])
    .select([entryOf('available').as('available'), entryOf('held').as('held')])
    .where('account_id', '=', accountId);
}

function toRecord(row: Awaited<ReturnType<ReturnType<typeof rowsOf>['executeTakeFirstOrThrow']>>): LedgerRecord {
  return {
    id: row.id,
    accountId: row.account_id,
    kind: row.kind,
    keyId: row.key_id,
    jobId: row.job_id,
    note: row.note,
    amount: row.available, // none of a charge, which takes from what is held
    charged: row.kind === 'charge' ? -row.held : 0n,
    remaining: row.remaining,
    createdAt: row.created_at,
  };
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
