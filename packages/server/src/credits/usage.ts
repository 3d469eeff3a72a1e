import type { UsageDimension, UsageGroup } from '@easel/contract';
import { type RawBuilder, sql } from 'kysely';
import type { Queries } from '../database/database.ts';
import { DomainError } from '../domain-error.ts';

interface Period {
  /** Included. */
  readonly from: Date;
  /** Not included. */
  readonly to: Date;
}

export interface UsagePeriod extends Period {
  readonly accountId: string;
  readonly group: UsageGroup;
}

/** What was charged and refunded, in micro-credits, and for how much work. */
export interface UsageSums {
  readonly jobs: number;
  readonly samples: number;
  /** What was charged, less what was refunded: negative where a refund is of an earlier day's charge. */
  readonly spent: bigint;
  readonly refunded: bigint;
}

/** The usage of one group: a day (`YYYY-MM-DD`, UTC), a key's id or a model's name. */
export interface UsageRecord extends UsageSums {
  readonly group: string;
  /** Of a key; else null. */
  readonly name: string | null;
}

export interface UsageReport extends Period {
  /** Only this account's; null: of all. */
  readonly accountId: string | null;
  readonly by: readonly UsageDimension[];
}

/** One combination; what the report is not by is null. */
export interface UsageReportRecord extends UsageSums {
  readonly accountId: string | null;
  readonly accountName: string | null;
  readonly keyId: string | null;
  readonly keyName: string | null;
  readonly day: string | null;
  readonly model: string | null;
}

/** A reply of more rows would take too long and too much memory. */
const MOST_ROWS = 50_000;

const day = sql<string>`to_char(at at time zone 'UTC', 'YYYY-MM-DD')`;

const sums = [
  sql<number>`sum(jobs)::integer`.as('jobs'),
  sql<number>`sum(samples)::integer`.as('samples'),
  sql<bigint>`sum(charged - refunded)::bigint`.as('spent'),
  sql<bigint>`sum(refunded)::bigint`.as('refunded'),
];

/**
 * Charges, from the holds, which outlive the records of the jobs, and refunds, each on its own day: what was added up for a day that is over
 * stays as it is.
 */
function movements(queries: Queries, { from, to, accountId }: Period & { readonly accountId: string | null }) {
  const charges = queries
    .selectFrom('holds')
    .select(['account_id', 'key_id', 'model', sql<Date>`ended_at`.as('at'), 'samples'])
    .select([sql<number>`1`.as('jobs'), 'amount as charged', sql<bigint>`0::bigint`.as('refunded')])
    .where('state', '=', 'charged')
    .where('ended_at', '>=', from)
    .where('ended_at', '<', to)
    .$if(accountId !== null, (query) => query.where('account_id', '=', accountId));
  const refunds = queries
    .selectFrom('refunds')
    .innerJoin('holds', 'holds.job_id', 'refunds.job_id')
    .select(['holds.account_id', 'key_id', 'model', 'refunded_at as at', sql<number>`0`.as('samples')])
    .select([sql<number>`0`.as('jobs'), sql<bigint>`0::bigint`.as('charged'), 'refunds.amount as refunded'])
    .where('refunded_at', '>=', from)
    .where('refunded_at', '<', to)
    .$if(accountId !== null, (query) => query.where('holds.account_id', '=', accountId));
  return charges.unionAll(refunds).as('movements');
}

const groupExpressions: Record<UsageGroup, RawBuilder<string>> = {
  day,
  key: sql<string>`key_id::text`,
  model: sql<string>`model`,
};

export async function sumUsage(queries: Queries, { group, ...period }: UsagePeriod): Promise<UsageRecord[]> {
  const name = group === 'key' ? sql<string | null>`min(api_keys.name)` : sql<string | null>`null`;
  const grouped = queries
    .selectFrom(movements(queries, period))
    .innerJoin('api_keys', 'api_keys.id', 'movements.key_id')
    .select([groupExpressions[group].as('group'), name.as('name'), ...sums])
    .groupBy(sql`1`);
  const ordered = group === 'day' ? grouped : grouped.orderBy('spent', 'desc');
  return ordered.orderBy('group').execute();
}

/** In the order of the columns, each ascending. @throws DomainError `invalid_request` for too many rows */
export async function reportUsage(queries: Queries, { by, ...period }: UsageReport): Promise<UsageReportRecord[]> {
  const column = (dimension: UsageDimension, expression: RawBuilder<string>) =>
    by.includes(dimension) ? expression : sql<string | null>`null::text`;
  const columns = {
    accountName: column('account', sql`accounts.name`),
    accountId: column('account', sql`accounts.id::text`),
    keyName: column('key', sql`api_keys.name`),
    keyId: column('key', sql`api_keys.id::text`),
    day: column('day', day),
    model: column('model', sql`movements.model`),
  };
  const rows = await queries
    .selectFrom(movements(queries, period))
    .innerJoin('api_keys', 'api_keys.id', 'movements.key_id')
    .innerJoin('accounts', 'accounts.id', 'movements.account_id')
    .select([
      columns.accountName.as('accountName'),
      columns.accountId.as('accountId'),
      columns.keyName.as('keyName'),
      columns.keyId.as('keyId'),
      columns.day.as('day'),
      columns.model.as('model'),
      ...sums,
    ])
    .groupBy(sql`1, 2, 3, 4, 5, 6`)
    .orderBy(sql`1, 2, 3, 4, 5, 6`)
    .limit(MOST_ROWS + 1)
    .execute();
  if (rows.length <= MOST_ROWS) return rows;
  throw new DomainError('invalid_request', `the usage has more than ${MOST_ROWS} rows`, {
    remedy: 'ask for fewer days, for one account, or by fewer things',
    param: 'by',
  });
}
