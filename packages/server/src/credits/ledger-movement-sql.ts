import type { LedgerKind } from '@easel/contract';
import type { Transaction as Queries } from 'kysely';
import type { Tables } from '../database/tables.ts';
import type { Balance, LedgerRecord } from './ledger-port.ts';

export interface Movement {
  readonly kind: LedgerKind;
  readonly accountId: string;
  readonly keyId: string | null;
  readonly jobId: string | null;
  readonly note: string | null;
  /** Micro-credits; less than 0 only of a grant that takes back. */
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
};

/**
 * The lock under which an account's credits change: whoever has it knows the balance until the transaction ends. It is taken
 * before any other row of money, so that no two transactions wait for each other.
 *
 * @returns undefined when there is no such account
 */
export function lockBalance(queries: Queries<Tables>, accountId: string): Promise<Balance | undefined> {
  return queries
    .selectFrom('balances')
    .select(['available', 'held'])
    .where('account_id', '=', accountId)
    .forUpdate()
    .executeTakeFirst();
}

/** Writes one transaction with its two entries, and moves the balance with them. The balance must be locked. */
export async function move(queries: Queries<Tables>, movement: Movement): Promise<LedgerRecord> {
  const { kind, accountId, keyId, jobId, note, idempotencyKey = null } = movement;
  const remaining = await moveBalance(queries, movement);
  const { id, created_at: createdAt } = await queries
    .insertInto('ledger_transactions')
    .values({
      kind,
      account_id: accountId,
      key_id: keyId,
      job_id: jobId,
      note,
      remaining,
      idempotency_key: idempotencyKey,
    })
    .returning(['id', 'created_at'])
    .executeTakeFirstOrThrow();
  await insertEntries(queries, id, movement);
  const charged = kind === 'charge' ? movement.amount : 0n;
  const amount = changeOf('available', movement);
  return { id, accountId, kind, keyId, jobId, note, amount, charged, remaining, createdAt };
}

/** @returns what is available afterwards */
async function moveBalance(queries: Queries<Tables>, movement: Movement): Promise<bigint> {
  const { available } = await queries
    .updateTable('balances')
    .set(({ eb }) => ({
      available: eb('available', '+', changeOf('available', movement)),
      held: eb('held', '+', changeOf('held', movement)),
    }))
    .where('account_id', '=', movement.accountId)
    .returning('available')
    .executeTakeFirstOrThrow();
  return available;
}

async function insertEntries(queries: Queries<Tables>, id: bigint, { kind, accountId, amount }: Movement) {
  const { from, to } = routes[kind];
  await queries
    .insertInto('ledger_entries')
    .values([
      { transaction_id: id, ledger_account: ledgerAccount(from, accountId), amount: -amount },
      { transaction_id: id, ledger_account: ledgerAccount(to, accountId), amount },
    ])
    .execute();
}

function changeOf(part: LedgerPart, { kind, amount }: Movement): bigint {
  const { from, to } = routes[kind];
  if (part === from) return -amount;
  return part === to ? amount : 0n;
}

/** The service's own accounts are one for all; the customers' carry the account's id. */
export function ledgerAccount(part: LedgerPart, accountId: string): string {
  return part === 'issued' || part === 'revenue' ? part : `${part}:${accountId}`;
}
