import { microToDecimal } from '@easel/contract';
import type { Selectable } from 'kysely';
import type { Queries } from '../database/database.ts';
import type { HoldsTable } from '../database/tables.ts';
import { DomainError } from '../domain-error.ts';
import type { Balance } from '../keys/accounts.ts';
import { type Budget, findBudget, reserveInMonth, settleInMonth } from '../keys/key-months.ts';
import { lockBalance, moveCredits } from './ledger.ts';

/** The price of a job, reserved until the job ends. */
export interface Hold {
  readonly jobId: string;
  readonly accountId: string;
  readonly keyId: string;
  /** What usage is counted by, also after the record of the job is gone. */
  readonly model: string;
  readonly samples: number;
  /** Micro-credits; 0 for work that is free. */
  readonly amount: bigint;
  /** `YYYY-MM`: the month of the key's budget that the amount counts against. */
  readonly month: string;
}

export type HoldOutcome =
  | { readonly kind: 'held'; readonly balance: Balance }
  | { readonly kind: 'insufficient'; readonly balance: Balance }
  | { readonly kind: 'over-budget'; readonly balance: Balance; readonly budget: Budget };

/**
 * Reserves the price of a job, as `placeHold`.
 *
 * @throws DomainError `insufficient_credits` when the balance or the key's budget does not suffice; `not_found` for an unknown account
 */
export async function holdPrice(queries: Queries, hold: Hold): Promise<void> {
  const outcome = await placeHold(queries, hold);
  if (outcome === null) throw new DomainError('not_found', `there is no account ${hold.accountId}`);
  const price = microToDecimal(hold.amount);
  if (outcome.kind === 'insufficient') {
    const balance = microToDecimal(outcome.balance.available);
    throw new DomainError(
      'insufficient_credits',
      `not enough credits: this costs ${price} and ${balance} are available; nothing was started and nothing charged`,
    );
  }
  if (outcome.kind === 'over-budget') {
    const { limit, spent, held } = outcome.budget;
    throw new DomainError(
      'insufficient_credits',
      `not enough credits in this key's budget for ${hold.month}: this costs ${price}, and of ${microToDecimal(limit)} ` +
        `${microToDecimal(spent)} are spent and ${microToDecimal(held)} reserved (the account has ` +
        `${microToDecimal(outcome.balance.available)}); nothing was started and nothing charged`,
    );
  }
}

/**
 * Reserves the price of a job, against the balance and against the key's budget, or changes nothing and says why not. It checks first
 * and writes afterwards, so that a refusal leaves no trace even in a transaction that goes on. A second hold for the same job fails with
 * an error of the database.
 *
 * @returns null when there is no such account
 */
export async function placeHold(queries: Queries, hold: Hold): Promise<HoldOutcome | null> {
  const balance = await lockBalance(queries, hold.accountId);
  if (balance === null) return null;
  if (balance.available < hold.amount) return { kind: 'insufficient', balance };
  const budget = await findBudget(queries, hold);
  if (budget !== null && budget.spent + budget.held + hold.amount > budget.limit) {
    return { kind: 'over-budget', balance, budget };
  }
  await insertHold(queries, hold);
  await reserveInMonth(queries, hold, hold.amount);
  if (hold.amount > 0n) await moveCredits(queries, { ...hold, kind: 'hold', note: null });
  return {
    kind: 'held',
    balance: { available: balance.available - hold.amount, held: balance.held + hold.amount },
  };
}

async function insertHold(
  queries: Queries,
  { jobId, accountId, keyId, model, samples, amount, month }: Hold,
): Promise<void> {
  await queries
    .insertInto('holds')
    .values({ job_id: jobId, account_id: accountId, key_id: keyId, model, samples, amount, month })
    .execute();
}

/**
 * Spends what is held for the job.
 *
 * @returns whether this call ended the hold; false when it had ended before
 * @throws DomainError `server_error` when nothing was ever held for the job
 */
export function chargeHold(queries: Queries, jobId: string, now: Date): Promise<boolean> {
  return endHold(queries, jobId, { kind: 'charge', now });
}

/** Gives back what is held for the job. @returns and @throws as `chargeHold` */
export function releaseHold(queries: Queries, jobId: string, now: Date): Promise<boolean> {
  return endHold(queries, jobId, { kind: 'release', now });
}

/** How a hold ends, and when. */
interface HoldEnd {
  readonly kind: 'charge' | 'release';
  readonly now: Date;
}

async function endHold(queries: Queries, jobId: string, end: HoldEnd): Promise<boolean> {
  await lockBalance(queries, await findAccountOfHold(queries, jobId));
  const hold = await closeHold(queries, jobId, end);
  if (hold === undefined) return false;
  const { key_id: keyId, account_id: accountId, month, amount } = hold;
  await settleInMonth(queries, { keyId, month }, { held: amount, spent: end.kind === 'charge' ? amount : 0n });
  if (amount > 0n) await moveCredits(queries, { kind: end.kind, accountId, keyId, jobId, note: null, amount });
  return true;
}

/** Read without a lock, because the account of a hold never changes. */
async function findAccountOfHold(queries: Queries, jobId: string): Promise<string> {
  const hold = await queries.selectFrom('holds').select('account_id').where('job_id', '=', jobId).executeTakeFirst();
  if (hold === undefined) throw new DomainError('server_error', `no credits were ever reserved for job ${jobId}`);
  return hold.account_id;
}

/** The condition on the state makes one of several ends the only one. */
function closeHold(
  queries: Queries,
  jobId: string,
  { kind, now }: HoldEnd,
): Promise<Selectable<HoldsTable> | undefined> {
  return queries
    .updateTable('holds')
    .set({ state: kind === 'charge' ? 'charged' : 'released', ended_at: now })
    .where('job_id', '=', jobId)
    .where('state', '=', 'open')
    .returningAll()
    .executeTakeFirst();
}
