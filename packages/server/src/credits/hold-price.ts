import { microToDecimal } from '@easel/contract';
import type { Transaction } from '../database/database.ts';
import { DomainError } from '../domain-error.ts';
import type { Hold, Ledger } from './ledger-port.ts';

/**
 * Reserves the price of a job.
 *
 * @throws DomainError `insufficient_credits` when the balance or the key's budget does not suffice
 */
export async function holdPrice(ledger: Ledger, transaction: Transaction, hold: Hold): Promise<void> {
  const outcome = await ledger.hold(transaction, hold);
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

/** The month that a moment counts to, in UTC, as `YYYY-MM`. */
export function monthOf(moment: Date): string {
  return moment.toISOString().slice(0, 7);
}
