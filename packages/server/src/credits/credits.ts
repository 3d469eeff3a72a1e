import { microToDecimal } from '@easel/contract';
import type { Clock } from '../clock.ts';
import { outlast } from '../database/away.ts';
import type { Database } from '../database/database.ts';
import { DomainError } from '../domain-error.ts';
import { monthOf } from './hold-price.ts';
import type { Balance, Grant, Ledger, LedgerRecord, LedgerSlice, UsagePeriod, UsageRecord } from './ledger-port.ts';

const COMMIT_PATIENCE_MS = 10_000;

export interface CreditServiceParts {
  readonly database: Database;
  readonly ledger: Ledger;
  readonly clock: Clock;
}

/**
 * What accounts have, got and spent. Prices are held, charged and released within the transactions of the jobs they belong
 * to, by the ledger itself.
 */
export class CreditService {
  readonly #parts: CreditServiceParts;

  constructor(parts: CreditServiceParts) {
    this.#parts = parts;
  }

  /**
   * Gives credits, or takes some back.
   *
   * @throws DomainError `invalid_request` for nothing, and for taking back without a reason; `insufficient_credits` for taking
   *   back more than can be spent; `idempotency_mismatch`; `not_found` for an unknown account
   */
  async grant(grant: Grant): Promise<LedgerRecord> {
    const { database, ledger } = this.#parts;
    requireSense(grant);
    const outcome = await outlast(() => database.transaction((transaction) => ledger.grant(transaction, grant)), {
      // A commit that was cut off can only be asked for again under its key.
      withinMs: grant.idempotencyKey === null ? 0 : COMMIT_PATIENCE_MS,
    });
    if (outcome === null) return noAccount(grant.accountId);
    if (outcome.kind === 'insufficient') throw tooMuchBack(grant, outcome.available);
    const { kind, record } = outcome;
    if (kind === 'repeated' && (record.amount !== grant.amount || record.note !== grant.note)) throw otherGrant(record);
    return record;
  }

  /** @throws DomainError `not_found` */
  async balance(accountId: string): Promise<Balance> {
    const { database, ledger } = this.#parts;
    const balance = await database.transaction((transaction) => ledger.balanceOf(transaction, accountId));
    return balance ?? noAccount(accountId);
  }

  /** Micro-credits that the key has spent or reserved in this calendar month (UTC). */
  async usedThisMonth(keyId: string): Promise<bigint> {
    const { database, ledger, clock } = this.#parts;
    const month = monthOf(clock.now());
    const used = await database.transaction((transaction) => ledger.usedInMonth(transaction, [keyId], month));
    return used.get(keyId) ?? 0n;
  }

  /** Newest first; the next slice begins before the last record's id. */
  ledger(slice: LedgerSlice): Promise<LedgerRecord[]> {
    const { database, ledger } = this.#parts;
    return database.transaction((transaction) => ledger.entries(transaction, slice));
  }

  usage(period: UsagePeriod): Promise<UsageRecord[]> {
    const { database, ledger } = this.#parts;
    return database.transaction((transaction) => ledger.usage(transaction, period));
  }
}

function requireSense({ amount, note }: Grant): void {
  if (amount === 0n) {
    throw new DomainError('invalid_request', 'amount must be more or less than 0 credits', { param: 'amount' });
  }
  if (amount < 0n && (note === null || note.trim() === '')) {
    const message = 'a negative amount takes credits back and needs a reason, which is kept in the ledger';
    throw new DomainError('invalid_request', message, { param: 'reason' });
  }
}

function tooMuchBack({ amount }: Grant, available: bigint): DomainError {
  return new DomainError(
    'insufficient_credits',
    `${microToDecimal(-amount)} credits cannot be taken back: the account can spend ${microToDecimal(available)} credits, and what is held for jobs is not among them`,
    { param: 'amount' },
  );
}

function otherGrant({ amount, createdAt }: LedgerRecord): DomainError {
  const message = `this Idempotency-Key was used for another grant, of ${microToDecimal(amount)} credits at ${createdAt.toISOString()}; take another key`;
  return new DomainError('idempotency_mismatch', message, { param: 'Idempotency-Key' });
}

function noAccount(accountId: string): never {
  throw new DomainError('not_found', `there is no account ${accountId}`, { param: 'account_id' });
}
