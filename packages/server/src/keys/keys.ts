import type { Clock } from '../clock.ts';
import { monthOf } from '../credits/hold-price.ts';
import type { Ledger } from '../credits/ledger-port.ts';
import type { Database, Transaction } from '../database/database.ts';
import type { KeyOrigin } from '../database/tables.ts';
import { DomainError } from '../domain-error.ts';
import { newId } from '../ids.ts';
import type { Accounts } from './accounts-port.ts';
import type { Caller } from './caller.ts';
import { hashOfKey, hintOf, isKeyText, newKeyText } from './key-text.ts';
import type { KeyChanges, KeyRecord, Keys, KeyTerms } from './keys-port.ts';
import type { ServerSecret } from './secret.ts';

/** The name of the account that the first start makes, with credits to try things. */
export const DEVELOPMENT = 'development';

/** "Last used" is exact to a minute, so that not every request writes. */
const USE_NOTED_EVERY_MS = 60_000;

export interface KeyServiceParts {
  readonly database: Database;
  readonly keys: Keys;
  readonly accounts: Accounts;
  readonly ledger: Ledger;
  readonly secret: ServerSecret;
  readonly clock: Clock;
}

export interface CreatedKey {
  readonly record: KeyRecord;
  /** The key itself. It is nowhere else: whoever does not keep it needs another one. */
  readonly text: string;
}

export interface ListedKey extends KeyRecord {
  /** Micro-credits, spent or reserved. */
  readonly usedThisMonth: bigint;
}

/** Who may come in. Keys are stored as keyed hashes; the text of a key is shown once, when it is made. */
export class KeyService {
  readonly #parts: KeyServiceParts;

  constructor(parts: KeyServiceParts) {
    this.#parts = parts;
  }

  /** @throws DomainError `not_found` when there is no such account */
  create(terms: KeyTerms): Promise<CreatedKey> {
    const { database, accounts } = this.#parts;
    return database.transaction(async (transaction) => {
      if ((await accounts.find(transaction, terms.accountId)) === null) {
        throw new DomainError('not_found', `there is no account ${terms.accountId}`, { param: 'account_id' });
      }
      const text = newKeyText();
      return { text, record: await this.store(transaction, { ...terms, text, origin: 'created' }) };
    });
  }

  /** Stores a key whose text is known. */
  store(
    transaction: Transaction,
    { text, ...key }: KeyTerms & { readonly text: string; readonly origin: KeyOrigin },
  ): Promise<KeyRecord> {
    const { keys, secret, clock } = this.#parts;
    const now = clock.now();
    const hash = hashOfKey(secret, text);
    return keys.insert(transaction, { ...key, id: newId(now.getTime()), hash, hint: hintOf(text), createdAt: now });
  }

  /** @throws DomainError `unauthorized` for a key that is unknown, revoked or expired */
  authenticate(text: string): Promise<Caller> {
    const { database, keys } = this.#parts;
    return database.transaction(async (transaction) => {
      const key = isKeyText(text) ? await keys.findByHash(transaction, hashOfKey(this.#parts.secret, text)) : null;
      const now = this.#parts.clock.now();
      requireUsable(key, now);
      if (isUseWorthNoting(key, now)) await keys.noteUse(transaction, key.id, now);
      return callerOf(key);
    });
  }

  /** @returns when it expires, null: never @throws DomainError `unauthorized` for a key that is unknown, revoked or expired */
  expiryOf(id: string): Promise<Date | null> {
    const { database, keys, clock } = this.#parts;
    return database.transaction(async (transaction) => {
      const key = await keys.hold(transaction, id);
      requireUsable(key, clock.now());
      return key.expiresAt;
    });
  }

  /** The newest usable key of the account that the first start makes; null when there is none. */
  async development(): Promise<Caller | null> {
    const { database, keys, accounts, clock } = this.#parts;
    return database.transaction(async (transaction) => {
      const account = await accounts.findByName(transaction, DEVELOPMENT);
      const records = account === null ? [] : await keys.list(transaction, account.id);
      const key = records.find((record) => isUsable(record, clock.now()));
      return key === undefined ? null : callerOf(key);
    });
  }

  /** From now on the key is refused, for ever. @throws DomainError `not_found` */
  revoke(id: string): Promise<ListedKey> {
    return this.#change(id, (transaction, now) => this.#parts.keys.revoke(transaction, id, now));
  }

  /** Holds from the next request on; what is absent stays. @throws DomainError `not_found` */
  change(id: string, changes: KeyChanges): Promise<ListedKey> {
    return this.#change(id, (transaction) => this.#parts.keys.change(transaction, id, changes));
  }

  /** Newest first, revoked and expired ones too; of one account, or of all for null. */
  list(accountId: string | null): Promise<ListedKey[]> {
    const { database, keys } = this.#parts;
    return database.transaction(async (transaction) =>
      this.#withUse(transaction, await keys.list(transaction, accountId)),
    );
  }

  #change(id: string, change: (transaction: Transaction, now: Date) => Promise<KeyRecord | null>): Promise<ListedKey> {
    const { database, clock } = this.#parts;
    return database.transaction(async (transaction) => {
      const changed = await change(transaction, clock.now());
      const [listed] = await this.#withUse(transaction, changed === null ? [] : [changed]);
      if (listed === undefined) throw new DomainError('not_found', `there is no key ${id}`);
      return listed;
    });
  }

  async #withUse(transaction: Transaction, records: readonly KeyRecord[]): Promise<ListedKey[]> {
    const { ledger, clock } = this.#parts;
    const ids = records.map(({ id }) => id);
    const used = await ledger.usedInMonth(transaction, ids, monthOf(clock.now()));
    return records.map((record) => ({ ...record, usedThisMonth: used.get(record.id) ?? 0n }));
  }
}

/** @throws DomainError `unauthorized` */
export function requireUsable(key: KeyRecord | null, now: Date): asserts key is KeyRecord {
  if (key === null) {
    throw new DomainError('unauthorized', 'unknown API key; keys look like SG_ and 16 hexadecimal digits');
  }
  if (key.revokedAt !== null) throw new DomainError('unauthorized', `the API key ending in ${key.hint} was revoked`);
  if (key.expiresAt !== null && key.expiresAt <= now) {
    throw new DomainError(
      'unauthorized',
      `the API key ending in ${key.hint} expired at ${key.expiresAt.toISOString()}`,
    );
  }
}

function isUsable({ origin, revokedAt, expiresAt }: KeyRecord, now: Date): boolean {
  const isFromStart = origin === 'development' || origin === 'environment';
  return isFromStart && revokedAt === null && (expiresAt === null || expiresAt > now);
}

function isUseWorthNoting({ lastUsedAt }: KeyRecord, now: Date): boolean {
  return lastUsedAt === null || now.getTime() - lastUsedAt.getTime() >= USE_NOTED_EVERY_MS;
}

function callerOf({ id, accountId, name, scopes, models, requestsPerMinute, monthlyBudget }: KeyRecord): Caller {
  return { accountId, keyId: id, keyName: name, scopes, models, requestsPerMinute, monthlyBudget };
}
