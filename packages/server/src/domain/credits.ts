import { DomainError } from './domain-error.ts';
import { monthOf } from './hold-price.ts';
import type { Clock } from './ports/clock.ts';
import type { Database } from './ports/database.ts';
import type { Balance, Grant, Ledger, LedgerRecord, LedgerSlice, UsagePeriod, UsageRecord } from './ports/ledger.ts';

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

  /** @throws DomainError `invalid_request` for an amount that is not positive, `not_found` for an unknown account */
  async grant(grant: Grant): Promise<LedgerRecord> {
    const { database, ledger } = this.#parts;
    if (grant.amount <= 0n) {
      throw new DomainError('invalid_request', 'amount must be more than 0 credits', { param: 'amount' });
    }
    const granted = await database.transaction((transaction) => ledger.grant(transaction, grant));
    return granted ?? noAccount(grant.accountId);
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

function noAccount(accountId: string): never {
  throw new DomainError('not_found', `there is no account ${accountId}`, { param: 'account_id' });
}
