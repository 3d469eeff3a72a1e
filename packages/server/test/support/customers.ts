import type { KeyScope } from '@easel/contract';
import type { Clock } from '../../src/clock.ts';
import { CreditService } from '../../src/credits/credits.ts';
import { grantCredits } from '../../src/credits/ledger.ts';
import type { Database } from '../../src/database/database.ts';
import { newId } from '../../src/ids.ts';
import { AccountService } from '../../src/keys/accounts.ts';
import type { KeyTerms } from '../../src/keys/key-table.ts';
import { KeyService } from '../../src/keys/keys.ts';
import { secretsOfText } from '../../src/keys/server-secret.ts';
import { ensureStartingKeys, type StartingKeysOptions } from '../../src/keys/starting-keys.ts';

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
  const parts = { database, clock, secret: secretsOfText(secret)[0] };
  return {
    clock,
    keyService: new KeyService(parts),
    accountService: new AccountService(parts),
    credits: new CreditService(parts),
    ensureStartingKeys: (options: StartingKeysOptions) =>
      ensureStartingKeys({ ...parts, grant: grantCredits }, options),
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
