import { microToDecimal, type UsageGroup } from '@easel/contract';
import { type RawBuilder, sql } from 'kysely';
import type { Clock } from '../clock.ts';
import { retryDuringOutage } from '../database/away.ts';
import type { Database, Queries } from '../database/database.ts';
import { DomainError } from '../domain-error.ts';
import type { Balance } from '../keys/accounts.ts';
import { findUseInMonth, monthOf } from '../keys/key-months.ts';
import { findBalance, type Grant, grantCredits, type LedgerRecord, type LedgerSlice, listLedger } from './ledger.ts';

const COMMIT_PATIENCE_MS = 10_000;

export interface UsagePeriod {
  readonly accountId: string;
  /** Included. */
  readonly from: Date;
  /** Not included. */
  readonly to: Date;
  readonly group: UsageGroup;
}

/** What was charged for in one group: a day (`YYYY-MM-DD`, UTC), a key's id or a model's name. */
export interface UsageRecord {
  readonly group: string;
  readonly jobs: number;
  readonly samples: number;
  readonly spent: bigint;
}

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
   *   back more than can be spent; `idempotency_mismatch`; `not_found` for an unknown account
   */
  async grant(grant: Grant): Promise<LedgerRecord> {
    requireValid(grant);
    const outcome = await retryDuringOutage(
      () => this.#database.transaction((queries) => grantCredits(queries, grant)),
      {
        // A commit that was cut off can only be asked for again under its key.
        withinMs: grant.idempotencyKey === null ? 0 : COMMIT_PATIENCE_MS,
      },
    );
    if (outcome === null) return noAccount(grant.accountId);
    if (outcome.kind === 'insufficient') throw tooMuchBack(grant, outcome.available);
    const { kind, record } = outcome;
    if (kind === 'repeated' && (record.amount !== grant.amount || record.note !== grant.note)) throw otherGrant(record);
    return record;
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

  /** Days in order, the others by what they spent; a group in which nothing was charged is absent. */
  usage(period: UsagePeriod): Promise<UsageRecord[]> {
    return this.#database.transaction((queries) => sumUsage(queries, period));
  }
}

const groupExpressions: Record<UsageGroup, RawBuilder<string>> = {
  day: sql<string>`to_char(ended_at at time zone 'UTC', 'YYYY-MM-DD')`,
  key: sql<string>`key_id::text`,
  model: sql<string>`model`,
};

/** From the holds, which outlive the records of the jobs. */
async function sumUsage(queries: Queries, { accountId, from, to, group }: UsagePeriod): Promise<UsageRecord[]> {
  const grouped = queries
    .selectFrom('holds')
    .select([
      groupExpressions[group].as('group'),
      sql<number>`count(*)::integer`.as('jobs'),
      sql<number>`sum(samples)::integer`.as('samples'),
      sql<bigint>`sum(amount)::bigint`.as('spent'),
    ])
    .where('account_id', '=', accountId)
    .where('state', '=', 'charged')
    .where('ended_at', '>=', from)
    .where('ended_at', '<', to)
    .groupBy(sql`1`);
  const ordered = group === 'day' ? grouped : grouped.orderBy('spent', 'desc');
  return ordered.orderBy('group').execute();
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
    { param: 'amount' },
  );
}

function otherGrant({ amount, createdAt }: LedgerRecord): DomainError {
  const message = `this Idempotency-Key was used for another grant, of ${microToDecimal(amount)} credits at ${createdAt.toISOString()}`;
  return new DomainError('idempotency_mismatch', message, { remedy: 'use another key', param: 'Idempotency-Key' });
}

function noAccount(accountId: string): never {
  throw new DomainError('not_found', `there is no account ${accountId}`, { param: 'account_id' });
}
