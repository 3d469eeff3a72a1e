import { microToDecimal } from '@easel/contract';
import type { Clock } from '../clock.ts';
import { retryDuringOutage } from '../database/away.ts';
import type { Database } from '../database/database.ts';
import { DomainError } from '../domain-error.ts';
import { type Balance, requireOpenAccount } from '../keys/accounts.ts';
import { findUseInMonth, monthOf } from '../keys/key-months.ts';
import { findBalance, type Grant, grantCredits, type LedgerRecord, type LedgerSlice, listLedger } from './ledger.ts';
import { type Refund, refundCharge, refusedRefund } from './refunds.ts';
import {
  reportUsage,
  sumUsage,
  type UsagePeriod,
  type UsageRecord,
  type UsageReport,
  type UsageReportRecord,
} from './usage.ts';

const COMMIT_PATIENCE_MS = 10_000;

export interface CreditServiceParts {
  readonly database: Database;
  readonly clock: Clock;
}

/**
 * What accounts have, got and spent. Prices are held, charged and released within the transactions of the jobs they belong
 * to; see `placeHold`.
 */
export class CreditService {
  readonly #database: Database;
  readonly #clock: Clock;

  constructor({ database, clock }: CreditServiceParts) {
    this.#database = database;
    this.#clock = clock;
  }

  /**
   * Gives credits, or takes some back.
   *
   * @throws DomainError `invalid_request` for nothing, and for taking back without a reason; `insufficient_credits` for taking
   *   back more than can be spent, unless that is allowed; `conflict` for giving to a closed account; `idempotency_mismatch`; `not_found`
   *   for an unknown account
   */
  async grant(grant: Grant): Promise<LedgerRecord> {
    requireValid(grant);
    const outcome = await retryDuringOutage(
      () =>
        this.#database.transaction(async (queries) => {
          if (grant.amount > 0n) await requireOpenAccount(queries, grant.accountId);
          return grantCredits(queries, grant);
        }),
      patienceOf(grant),
    );
    if (outcome === null) return noAccount(grant.accountId);
    if (outcome.kind === 'insufficient') throw tooMuchBack(grant, outcome.available);
    const { kind, record } = outcome;
    if (kind === 'repeated' && (record.amount !== grant.amount || record.note !== grant.note)) throw otherGrant(record);
    return record;
  }

  /**
   * Gives back what a job was charged, or a part of it; once.
   *
   * @throws DomainError `not_found` for a job that there never was; `conflict` for one that was not charged, or was refunded already;
   *   `invalid_request` for more than it was charged; `idempotency_mismatch`
   */
  async refund(refund: Refund): Promise<LedgerRecord> {
    const outcome = await retryDuringOutage(
      () => this.#database.transaction((queries) => refundCharge(queries, refund, this.#clock.now())),
      patienceOf(refund),
    );
    if (outcome.kind === 'refunded') return outcome.record;
    if (outcome.kind === 'repeated') {
      const { record } = outcome;
      const isSame = record.jobId === refund.jobId && (refund.amount ?? record.amount) === record.amount;
      if (isSame) return record;
      throw otherGrant(record);
    }
    throw refusedRefund(refund, outcome);
  }

  /** @throws DomainError `not_found` */
  async balance(accountId: string): Promise<Balance> {
    return (await this.#database.transaction((queries) => findBalance(queries, accountId))) ?? noAccount(accountId);
  }

  /** Micro-credits that the key has spent or reserved in this calendar month (UTC). */
  async usedThisMonth(keyId: string): Promise<bigint> {
    const month = monthOf(this.#clock.now());
    const used = await this.#database.transaction((queries) => findUseInMonth(queries, [keyId], month));
    return used.get(keyId) ?? 0n;
  }

  /** Newest first; the next slice begins before the last record's id. */
  ledger(slice: LedgerSlice): Promise<LedgerRecord[]> {
    return this.#database.transaction((queries) => listLedger(queries, slice));
  }

  /** Days in order, the others by what they spent; a group in which nothing was charged or refunded is absent. */
  usage(period: UsagePeriod): Promise<UsageRecord[]> {
    return this.#database.transaction((queries) => sumUsage(queries, period));
  }

  /** Of all accounts, or of one, by several things at once. @throws DomainError `invalid_request` for more rows than one reply can have */
  usageReport(report: UsageReport): Promise<UsageReportRecord[]> {
    return this.#database.transaction((queries) => reportUsage(queries, report));
  }
}

function requireValid({ amount, note }: Grant): void {
  if (amount === 0n) {
    throw new DomainError('invalid_request', 'amount must not be 0 credits', { param: 'amount' });
  }
  if (amount < 0n && (note === null || note.trim() === '')) {
    const message = 'a negative amount takes credits back and needs a reason, which is kept in the ledger';
    throw new DomainError('invalid_request', message, { param: 'reason' });
  }
}

function tooMuchBack({ amount }: Grant, available: bigint): DomainError {
  return new DomainError(
    'insufficient_credits',
    `${microToDecimal(-amount)} credits cannot be taken back: ${microToDecimal(available)} credits are available; credits held for jobs do not count`,
    {
      param: 'amount',
      remedy:
        'take back less, or allow a balance below zero: "allow_negative": true, on the command line --allow-negative',
    },
  );
}

/** A commit that was cut off can only be asked for again under its key. */
function patienceOf({ idempotencyKey }: Pick<Grant, 'idempotencyKey'>) {
  return { withinMs: idempotencyKey === null ? 0 : COMMIT_PATIENCE_MS };
}

function otherGrant({ kind, amount, createdAt }: LedgerRecord): DomainError {
  const message = `this Idempotency-Key was used for another ${kind}, of ${microToDecimal(amount)} credits at ${createdAt.toISOString()}`;
  return new DomainError('idempotency_mismatch', message, { remedy: 'use another key', param: 'Idempotency-Key' });
}

function noAccount(accountId: string): never {
  throw new DomainError('not_found', `there is no account ${accountId}`, { param: 'account_id' });
}
