import { microToDecimal } from '@easel/contract';
import type { Selectable } from 'kysely';
import type { Queries } from '../database/database.ts';
import type { HoldsTable } from '../database/tables.ts';
import { DomainError } from '../domain-error.ts';
import type { Balance } from '../keys/accounts.ts';
import { type Budget, findBudgets, reserveInMonth, settleInMonth } from '../keys/key-months.ts';
import { lockBalance, lockBalances, moveCredits, moveManyCredits } from './ledger.ts';

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
  requireHeld(hold, await placeHold(queries, hold));
}

/** @throws DomainError as `holdPrice` */
export function requireHeld(hold: Hold, outcome: HoldOutcome | null): void {
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
  const funds = await Funds.lock(queries, [hold]);
  const outcome = funds.hold(hold);
  await funds.write(queries);
  return outcome;
}

/** What accounts and keys can spend, locked until the transaction ends: holds are decided one after another and written together. */
export class Funds {
  readonly #balances: Map<string, Balance>;
  readonly #budgets: Map<string, Budget>;
  readonly #month: string;
  readonly #holds: Hold[] = [];

  private constructor(balances: ReadonlyMap<string, Balance>, budgets: ReadonlyMap<string, Budget>, month: string) {
    this.#balances = new Map(balances);
    this.#budgets = new Map(budgets);
    this.#month = month;
  }

  /** @param holds those that may be made, all in one month */
  static async lock(queries: Queries, holds: readonly Pick<Hold, 'accountId' | 'keyId' | 'month'>[]): Promise<Funds> {
    const month = holds[0]?.month ?? '';
    const balances = await lockBalances(queries, [...new Set(holds.map(({ accountId }) => accountId))]);
    const budgets = await findBudgets(queries, [...new Set(holds.map(({ keyId }) => keyId))], month);
    return new Funds(balances, budgets, month);
  }

  /** Whether the hold can be made, after those made so far. @returns null when there is no such account */
  outcomeOf({ accountId, keyId, amount }: Pick<Hold, 'accountId' | 'keyId' | 'amount'>): HoldOutcome | null {
    const balance = this.#balances.get(accountId);
    if (balance === undefined) return null;
    if (balance.available < amount) return { kind: 'insufficient', balance };
    const budget = this.#budgets.get(keyId);
    if (budget !== undefined && budget.spent + budget.held + amount > budget.limit) {
      return { kind: 'over-budget', balance, budget };
    }
    return { kind: 'held', balance: { available: balance.available - amount, held: balance.held + amount } };
  }

  /** Makes the hold if it can be made; it is written by `write`. @returns as `outcomeOf` */
  hold(hold: Hold): HoldOutcome | null {
    const outcome = this.outcomeOf(hold);
    if (outcome?.kind !== 'held') return outcome;
    this.#holds.push(hold);
    this.#balances.set(hold.accountId, outcome.balance);
    const budget = this.#budgets.get(hold.keyId);
    if (budget !== undefined) this.#budgets.set(hold.keyId, { ...budget, held: budget.held + hold.amount });
    return outcome;
  }

  async write(queries: Queries): Promise<void> {
    if (this.#holds.length === 0) return;
    await insertHolds(queries, this.#holds);
    const byKey = [...Map.groupBy(this.#holds, ({ keyId }) => keyId)];
    const amounts = byKey.map(([keyId, own]) => [keyId, own.reduce((sum, { amount }) => sum + amount, 0n)] as const);
    await reserveInMonth(queries, this.#month, new Map(amounts));
    const paid = this.#holds.filter(({ amount }) => amount > 0n);
    await moveManyCredits(
      queries,
      paid.map((hold) => ({ ...hold, kind: 'hold', note: null })),
    );
  }
}

async function insertHolds(queries: Queries, holds: readonly Hold[]): Promise<void> {
  await queries
    .insertInto('holds')
    .values(
      holds.map(({ jobId, accountId, keyId, model, samples, amount, month }) => ({
        job_id: jobId,
        account_id: accountId,
        key_id: keyId,
        model,
        samples,
        amount,
        month,
      })),
    )
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
