import type { KeyScope } from '@easel/contract';
import { accountsInPostgres } from '../../src/db/repositories/accounts.ts';
import { keysInPostgres } from '../../src/db/repositories/keys.ts';
import { ledgerInPostgres } from '../../src/db/repositories/ledger.ts';
import { AccountService } from '../../src/domain/accounts.ts';
import { CreditService } from '../../src/domain/credits.ts';
import { newId } from '../../src/domain/ids.ts';
import { KeyService } from '../../src/domain/keys.ts';
import type { Clock } from '../../src/domain/ports/clock.ts';
import type { Database } from '../../src/domain/ports/database.ts';
import type { KeyTerms } from '../../src/domain/ports/keys.ts';
import { StartingKeys } from '../../src/domain/starting-keys.ts';
import { secretsOfText } from '../../src/storage/server-secret.ts';

export const repositories = { accounts: accountsInPostgres, keys: keysInPostgres, ledger: ledgerInPostgres };

/** A clock that stands until it is set. */
export class TestClock implements Clock {
  #now = new Date('2026-03-14T15:09:26.535Z');

  now(): Date {
    return new Date(this.#now);
  }

  set(time: string): void {
    this.#now = new Date(time);
  }
}

const testSecret = 'a secret of the tests, long enough to be one';

/** The services of accounts, keys and credits over a real database. */
export function customerServices(database: Database, { clock = new TestClock(), secret = testSecret } = {}) {
  const parts = { ...repositories, database, clock, secret: secretsOfText(secret)[0] };
  const keyService = new KeyService(parts);
  return {
    clock,
    keyService,
    accountService: new AccountService(parts),
    credits: new CreditService(parts),
    startingKeys: new StartingKeys({ ...parts, keyService }),
  };
}

export const anyModel = { models: null, monthlyBudget: null, requestsPerMinute: null, expiresAt: null } as const;
const scopes: readonly KeyScope[] = ['generate', 'read'];

/** An account with credits and one key. */
export async function newCustomer(
  database: Database,
  { available = 0n, terms = {} }: { available?: bigint; terms?: Partial<KeyTerms> } = {},
) {
  const { accountService, keyService, credits } = customerServices(database);
  const { id: accountId } = await accountService.create({
    name: `customer ${newId()}`,
    maxConcurrent: null,
    maxQueued: null,
  });
  if (available > 0n) await credits.grant({ accountId, amount: available, note: null, idempotencyKey: null });
  const { record, text } = await keyService.create({ name: 'key', scopes, ...anyModel, ...terms, accountId });
  return { accountId, keyId: record.id, text };
}
