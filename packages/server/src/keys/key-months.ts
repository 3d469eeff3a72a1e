import type { Queries } from '../database/database.ts';

/** A key's budget for one month and what has been used of it, in micro-credits. */
export interface Budget {
  readonly limit: bigint;
  readonly spent: bigint;
  readonly held: bigint;
}

interface KeyMonth {
  readonly keyId: string;
  readonly month: string;
}

/** The month that a moment counts to, in UTC, as `YYYY-MM`. */
export function monthOf(moment: Date): string {
  return moment.toISOString().slice(0, 7);
}

/**
 * The account's lock keeps what is read here true until the transaction ends: only holds of the account's keys change it.
 *
 * @returns by the key's id; a key without a budget is absent
 */
export async function findBudgets(
  queries: Queries,
  keyIds: readonly string[],
  month: string,
): Promise<ReadonlyMap<string, Budget>> {
  if (keyIds.length === 0) return new Map();
  const rows = await queries
    .selectFrom('api_keys')
    .leftJoin('key_months', (join) => join.onRef('key_months.key_id', '=', 'api_keys.id').on('month', '=', month))
    .select(['api_keys.id', 'monthly_budget as limit', 'spent', 'held'])
    .where('api_keys.id', 'in', keyIds)
    .where('monthly_budget', 'is not', null)
    .execute();
  return new Map(
    rows.map(({ id, limit, spent, held }) => [id, { limit: limit ?? 0n, spent: spent ?? 0n, held: held ?? 0n }]),
  );
}

/** Counts new holds against their month. They are counted without a budget too, for there may be one later. */
export async function reserveInMonth(
  queries: Queries,
  month: string,
  amounts: ReadonlyMap<string, bigint>,
): Promise<void> {
  if (amounts.size === 0) return;
  // In one order, so that two transactions that count for some of the same keys do not deadlock.
  const rows = [...amounts].toSorted(([one], [other]) => (one < other ? -1 : 1));
  await queries
    .insertInto('key_months')
    .values(rows.map(([keyId, amount]) => ({ key_id: keyId, month, held: amount })))
    .onConflict((conflict) =>
      conflict
        .columns(['key_id', 'month'])
        .doUpdateSet(({ eb, ref }) => ({ held: eb(ref('key_months.held'), '+', ref('excluded.held')) })),
    )
    .execute();
}

/** Takes an ended hold out of its month, whichever month it is now. */
export async function settleInMonth(
  queries: Queries,
  { keyId, month }: KeyMonth,
  { held, spent }: { readonly held: bigint; readonly spent: bigint },
): Promise<void> {
  await queries
    .updateTable('key_months')
    .set(({ eb }) => ({ held: eb('held', '-', held), spent: eb('spent', '+', spent) }))
    .where('key_id', '=', keyId)
    .where('month', '=', month)
    .execute();
}

/** Micro-credits that each of the keys has spent or reserved in the month (`YYYY-MM`); a key that has none is absent. */
export async function findUseInMonth(
  queries: Queries,
  keyIds: readonly string[],
  month: string,
): Promise<ReadonlyMap<string, bigint>> {
  if (keyIds.length === 0) return new Map();
  const rows = await queries
    .selectFrom('key_months')
    .select(['key_id', ({ eb }) => eb('spent', '+', eb.ref('held')).as('used')])
    .where('key_id', 'in', keyIds)
    .where('month', '=', month)
    .execute();
  return new Map(rows.map(({ key_id, used }) => [key_id, used]));
}
