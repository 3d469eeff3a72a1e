import type { Transaction as Queries, Selectable } from 'kysely';
import type { HoldsTable, Tables } from '../database/tables.ts';
import { DomainError } from '../domain-error.ts';
import { budgetOf, reserveInMonth, settleInMonth } from '../keys/key-months-sql.ts';
import { lockBalance, move } from './ledger-movement-sql.ts';
import type { Hold, HoldOutcome } from './ledger-port.ts';

/** Checks first and writes afterwards, so that a refusal leaves no trace even in a transaction that goes on. */
export async function placeHold(queries: Queries<Tables>, hold: Hold): Promise<HoldOutcome | null> {
  const balance = await lockBalance(queries, hold.accountId);
  if (balance === undefined) return null;
  if (balance.available < hold.amount) return { kind: 'insufficient', balance };
  const budget = await budgetOf(queries, hold);
  if (budget !== null && budget.spent + budget.held + hold.amount > budget.limit) {
    return { kind: 'over-budget', balance, budget };
  }
  await insertHold(queries, hold);
  await reserveInMonth(queries, hold, hold.amount);
  if (hold.amount > 0n) await move(queries, { ...hold, kind: 'hold', note: null });
  return {
    kind: 'held',
    balance: { available: balance.available - hold.amount, held: balance.held + hold.amount },
  };
}

async function insertHold(queries: Queries<Tables>, { jobId, accountId, keyId, model, samples, amount, month }: Hold) {
  await queries
    .insertInto('holds')
    .values({ job_id: jobId, account_id: accountId, key_id: keyId, model, samples, amount, month })
    .execute();
}

/** How a hold ends, and when. */
interface End {
  readonly kind: 'charge' | 'release';
  readonly now: Date;
}

/**
 * @returns whether this call ended the hold
 * @throws DomainError `server_error` when nothing was ever held for the job
 */
export async function endHold(queries: Queries<Tables>, jobId: string, end: End): Promise<boolean> {
  await lockBalance(queries, await accountOfHold(queries, jobId));
  const hold = await closeHold(queries, jobId, end);
  if (hold === undefined) return false;
  const { key_id: keyId, account_id: accountId, month, amount } = hold;
  await settleInMonth(queries, { keyId, month }, { held: amount, spent: end.kind === 'charge' ? amount : 0n });
  if (amount > 0n) await move(queries, { kind: end.kind, accountId, keyId, jobId, note: null, amount });
  return true;
}

/** Read without a lock, because the account of a hold never changes. */
async function accountOfHold(queries: Queries<Tables>, jobId: string): Promise<string> {
  const hold = await queries.selectFrom('holds').select('account_id').where('job_id', '=', jobId).executeTakeFirst();
  if (hold === undefined) throw new DomainError('server_error', `no credits were ever reserved for job ${jobId}`);
  return hold.account_id;
}

/** The condition on the state makes one of several ends the only one. */
function closeHold(
  queries: Queries<Tables>,
  jobId: string,
  { kind, now }: End,
): Promise<Selectable<HoldsTable> | undefined> {
  return queries
    .updateTable('holds')
    .set({ state: kind === 'charge' ? 'charged' : 'released', ended_at: now })
    .where('job_id', '=', jobId)
    .where('state', '=', 'open')
    .returningAll()
    .executeTakeFirst();
}
