import type { LedgerKind } from '@easel/contract';
import { sql } from 'kysely';
import type { Queries } from '../database/database.ts';
import type { Balance } from '../keys/accounts.ts';

/** One transaction of an account and what it did to what can be spent. */
export interface LedgerRecord {
  readonly id: bigint;
  readonly accountId: string;
  readonly kind: LedgerKind;
  readonly keyId: string | null;
  readonly jobId: string | null;
  readonly note: string | null;
  /** The change of what can be spent, in micro-credits: less for a hold, more for a release or a refund, none for a charge. */
  readonly amount: bigint;
  /** Micro-credits that a charge has charged; of a refund what it gave back, less than 0; 0 for all else. */
  readonly charged: bigint;
  /** What could be spent after it. */
  readonly remaining: bigint;
  readonly createdAt: Date;
}

export interface Grant {
  readonly accountId: string;
  /** Micro-credits; less than 0: taken back. */
  readonly amount: bigint;
  readonly note: string | null;
  /** The same key means the same grant, for ever; null: another one each time. */
  readonly idempotencyKey: string | null;
  /** Whether taking back may leave less than nothing. Default: false. */
  readonly allowNegative?: boolean;
}

export type GrantOutcome =
  | { readonly kind: 'granted'; readonly record: LedgerRecord }
  /** The key was used before; nothing has changed. */
  | { readonly kind: 'repeated'; readonly record: LedgerRecord }
  /** More was to be taken back than can be spent. */
  | { readonly kind: 'insufficient'; readonly available: bigint };

export interface LedgerSlice {
  readonly accountId: string;
  /** Only transactions older than this one; null: from the newest on. */
  readonly before: bigint | null;
  readonly limit: number;
}

/** @returns null when there is no such account */
export async function grantCredits(queries: Queries, grant: Grant): Promise<GrantOutcome | null> {
  const balance = await lockBalance(queries, grant.accountId);
  if (balance === null) return null;
  const earlier = await findByIdempotencyKey(queries, grant);
  if (earlier !== null) return { kind: 'repeated', record: earlier };
  const { available } = balance;
  const left = available + grant.amount;
  if (grant.amount < 0n && left < 0n) {
    if (grant.allowNegative !== true) return { kind: 'insufficient', available };
    await lowerFloor(queries, grant.accountId, left);
  }
  return { kind: 'granted', record: await moveCredits(queries, { ...grant, kind: 'grant', keyId: null, jobId: null }) };
}

/** The last defence of the database, which no other change of a balance moves. */
async function lowerFloor(queries: Queries, accountId: string, floor: bigint): Promise<void> {
  await queries
    .updateTable('balances')
    .set(({ fn, ref, val }) => ({ floor: fn('least', [ref('floor'), val(floor)]) }))
    .where('account_id', '=', accountId)
    .execute();
}

/** The earlier grant or refund under the same key. */
export async function findByIdempotencyKey(
  queries: Queries,
  { accountId, idempotencyKey }: Pick<Grant, 'accountId' | 'idempotencyKey'>,
): Promise<LedgerRecord | null> {
  if (idempotencyKey === null) return null;
  const row = await ledgerRows(queries, accountId).where('idempotency_key', '=', idempotencyKey).executeTakeFirst();
  return row === undefined ? null : recordOf(row);
}

/** Newest first. */
export async function listLedger(queries: Queries, { accountId, before, limit }: LedgerSlice): Promise<LedgerRecord[]> {
  let page = ledgerRows(queries, accountId).orderBy('id', 'desc').limit(limit);
  if (before !== null) page = page.where('id', '<', before);
  return (await page.execute()).map(recordOf);
}

/** Transactions of an account, with what they did to the two parts of its credits. */
function ledgerRows(queries: Queries, accountId: string) {
  const entryOf = (part: 'available' | 'held') =>
    sql<bigint>`coalesce((select amount from easel.ledger_entries
      where transaction_id = id and ledger_account = ${ledgerAccount(part, accountId)}), 0)`;
  return queries
    .selectFrom('ledger_transactions')
    .select(['id', 'account_id', 'kind', 'key_id', 'job_id', 'note', 'remaining', 'created_at'])
    .select([entryOf('available').as('available'), entryOf('held').as('held')])
    .where('account_id', '=', accountId);
}

function recordOf(row: Awaited<ReturnType<ReturnType<typeof ledgerRows>['executeTakeFirstOrThrow']>>): LedgerRecord {
  return {
    id: row.id,
    accountId: row.account_id,
    kind: row.kind,
    keyId: row.key_id,
    jobId: row.job_id,
    note: row.note,
    amount: row.available, // none of a charge, which takes from what is held
    charged: chargedBy(row.kind, row.kind === 'charge' ? -row.held : row.available),
    remaining: row.remaining,
    createdAt: row.created_at,
  };
}

function chargedBy(kind: LedgerKind, amount: bigint): bigint {
  if (kind === 'charge') return amount;
  return kind === 'refund' ? -amount : 0n;
}

/** How many balances, in both parts, are not the sum of their entries, and how many transactions do not sum to zero: none, if all is well. */
export async function findLedgerFaults(queries: Queries): Promise<number> {
  const { rows } = await sql<{ faults: number }>`
    select (
      select count(*) from easel.balances b
      where available <> (select coalesce(sum(amount), 0) from easel.ledger_entries where ledger_account = 'available:' || b.account_id)
        or held <> (select coalesce(sum(amount), 0) from easel.ledger_entries where ledger_account = 'held:' || b.account_id)
    )::integer + (
      select count(*) from (select transaction_id from easel.ledger_entries group by transaction_id having sum(amount) <> 0) unbalanced
    )::integer as faults`.execute(queries);
  return rows[0]?.faults ?? 0;
}

/** @returns null when there is no such account */
export async function findBalance(queries: Queries, accountId: string): Promise<Balance | null> {
  const query = queries.selectFrom('balances').select(['available', 'held']).where('account_id', '=', accountId);
  return (await query.executeTakeFirst()) ?? null;
}

/**
 * The lock under which an account's credits change: whoever has it knows the balance until the transaction ends. It is taken
 * before any other row of money, so that no two transactions wait for each other.
 *
 * @returns null when there is no such account
 */
export async function lockBalance(queries: Queries, accountId: string): Promise<Balance | null> {
  return (await lockBalances(queries, [accountId])).get(accountId) ?? null;
}

/** As `lockBalance`, of several accounts in one order, so that two transactions that need some of the same do not deadlock. */
export async function lockBalances(
  queries: Queries,
  accountIds: readonly string[],
): Promise<ReadonlyMap<string, Balance>> {
  if (accountIds.length === 0) return new Map();
  const rows = await queries
    .selectFrom('balances')
    .select(['account_id', 'available', 'held'])
    .where('account_id', 'in', accountIds)
    .orderBy('account_id')
    .forUpdate()
    .execute();
  return new Map(rows.map(({ account_id, available, held }) => [account_id, { available, held }]));
}

export interface Movement {
  readonly kind: LedgerKind;
  readonly accountId: string;
  readonly keyId: string | null;
  readonly jobId: string | null;
  readonly note: string | null;
  /** Micro-credits; less than 0 only for a grant that takes back. */
  readonly amount: bigint;
  readonly idempotencyKey?: string | null;
}

type LedgerPart = 'issued' | 'available' | 'held' | 'revenue';

/** Which part of the ledger an amount leaves, and which it enters. */
const routes: Record<LedgerKind, { from: LedgerPart; to: LedgerPart }> = {
  grant: { from: 'issued', to: 'available' },
  hold: { from: 'available', to: 'held' },
  charge: { from: 'held', to: 'revenue' },
  release: { from: 'held', to: 'available' },
  refund: { from: 'revenue', to: 'available' },
};

/** Writes one transaction with its two entries (double entry), and changes the balance accordingly. The balance must be locked. */
export async function moveCredits(queries: Queries, movement: Movement): Promise<LedgerRecord> {
  const [record] = await moveManyCredits(queries, [movement]);
  if (record === undefined) throw new Error('one movement makes one record');
  return record;
}

/** As `moveCredits`, for movements that happen one after another, in as many statements as for one. Their balances must be locked. */
export async function moveManyCredits(queries: Queries, movements: readonly Movement[]): Promise<LedgerRecord[]> {
  if (movements.length === 0) return [];
  const left = new Map(await changeBalances(queries, movements));
  // From the last one back: what is left after all of them is known.
  const remaining = movements.toReversed().map((movement) => {
    const after = left.get(movement.accountId) ?? 0n;
    left.set(movement.accountId, after - changeOf('available', movement));
    return after;
  });
  const numbered = await insertTransactions(
    queries,
    movements.map((movement, index) => ({ ...movement, remaining: remaining.at(-1 - index) ?? 0n })),
  );
  await insertEntries(queries, numbered);
  return numbered.map(({ kind, accountId, keyId, jobId, note, id, createdAt, amount: moved, ...rest }) => {
    const change = changeOf('available', { kind, amount: moved });
    return {
      id,
      accountId,
      kind,
      keyId,
      jobId,
      note,
      amount: change,
      charged: chargedBy(kind, moved),
      remaining: rest.remaining,
      createdAt,
    };
  });
}

/** @returns what is available of each account afterwards */
async function changeBalances(
  queries: Queries,
  movements: readonly Movement[],
): Promise<readonly (readonly [accountId: string, available: bigint])[]> {
  const changes = [...Map.groupBy(movements, ({ accountId }) => accountId)].map(([accountId, own]) => ({
    accountId,
    available: own.reduce((sum, movement) => sum + changeOf('available', movement), 0n),
    held: own.reduce((sum, movement) => sum + changeOf('held', movement), 0n),
  }));
  const { rows } = await sql<{ account_id: string; available: bigint }>`
    update easel.balances as balance
    set available = balance.available + change.available, held = balance.held + change.held
    from unnest(
      ${changes.map(({ accountId }) => accountId)}::uuid[],
      ${changes.map(({ available }) => available)}::bigint[],
      ${changes.map(({ held }) => held)}::bigint[]
    ) as change (account_id, available, held)
    where balance.account_id = change.account_id
    returning balance.account_id, balance.available`.execute(queries);
  if (rows.length < changes.length) throw new Error('credits of an account that does not exist were to be moved');
  return rows.map(({ account_id, available }) => [account_id, available]);
}

type Numbered<Part> = Part & { readonly id: bigint; readonly createdAt: Date };

/** Numbered in this order. */
async function insertTransactions<Part extends Movement & { readonly remaining: bigint }>(
  queries: Queries,
  movements: readonly Part[],
): Promise<Numbered<Part>[]> {
  const rows = await queries
    .insertInto('ledger_transactions')
    .values(
      movements.map(({ kind, accountId, keyId, jobId, note, remaining, idempotencyKey = null }) => ({
        kind,
        account_id: accountId,
        key_id: keyId,
        job_id: jobId,
        note,
        remaining,
        idempotency_key: idempotencyKey,
      })),
    )
    .returning(['id', 'created_at'])
    .execute();
  // The rows of VALUES are inserted in their order, and each is numbered as it is inserted.
  const ids = rows.toSorted((one, other) => (one.id < other.id ? -1 : 1));
  return movements.map((movement, index) => {
    const row = ids[index];
    if (row === undefined) throw new Error('a transaction of the ledger was not written');
    return { ...movement, id: row.id, createdAt: row.created_at };
  });
}

async function insertEntries(queries: Queries, movements: readonly Numbered<Movement>[]): Promise<void> {
  await queries
    .insertInto('ledger_entries')
    .values(
      movements.flatMap(({ id, kind, accountId, amount }) => {
        const { from, to } = routes[kind];
        return [
          { transaction_id: id, ledger_account: ledgerAccount(from, accountId), amount: -amount },
          { transaction_id: id, ledger_account: ledgerAccount(to, accountId), amount },
        ];
      }),
    )
    .execute();
}

function changeOf(part: LedgerPart, { kind, amount }: Pick<Movement, 'kind' | 'amount'>): bigint {
  const { from, to } = routes[kind];
  if (part === from) return -amount;
  return part === to ? amount : 0n;
}

/** The service's own accounts are one for all; the customers' carry the account's id. */
function ledgerAccount(part: LedgerPart, accountId: string): string {
  return part === 'issued' || part === 'revenue' ? part : `${part}:${accountId}`;
}
