import type { KeyScope } from '@easel/contract';
import type { Clock } from '../../src/clock.ts';
import { CreditService } from '../../src/credits/credits.ts';
import { ledgerInPostgres } from '../../src/credits/ledger-sql.ts';
import type { Database } from '../../src/database/database.ts';
import { newId } from '../../src/ids.ts';
import { AccountService } from '../../src/keys/accounts.ts';
import { accountsInPostgres } from '../../src/keys/accounts-sql.ts';
import { KeyService } from '../../src/keys/keys.ts';
import type { KeyTerms } from '../../src/keys/keys-port.ts';
import { keysInPostgres } from '../../src/keys/keys-sql.ts';
import { secretsOfText } from '../../src/keys/server-secret.ts';
import { StartingKeys } from '../../src/keys/starting-keys.ts';

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
