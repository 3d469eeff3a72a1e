import type { Clock } from '../clock.ts';
import type { Database, Queries } from '../database/database.ts';
import type { KeyOrigin } from '../database/tables.ts';
import { DomainError } from '../domain-error.ts';
import { newId } from '../ids.ts';
import { findAccountByName, requireOpenAccount } from './accounts.ts';
import type { Caller } from './callers.ts';
import { findUseInMonth, monthOf } from './key-months.ts';
import {
  findKeyByHash,
  insertKey,
  type KeyChanges,
  type KeyRecord,
  type KeyTerms,
  listKeys,
  lockKey,
  recordKeyUse,
  revokeKey,
  updateKey,
} from './key-table.ts';
import { hashOfKey, hintOf, isKeyText, newKeyText } from './key-text.ts';
import type { ServerSecret } from './server-secret.ts';

/** The name of the account that the first start creates, with credits for trying things out. */
export const DEVELOPMENT = 'development';

/** "Last used" is exact to a minute, so that not every request writes. */
const USE_RECORDED_EVERY_MS = 60_000;

export interface KeyServiceParts {
  readonly database: Database;
  readonly secret: ServerSecret;
  readonly clock: Clock;
}

export interface CreatedKey {
  readonly record: KeyRecord;
  /** The key itself. It is not stored: if it is lost, another one has to be created. */
  readonly text: string;
}

export interface ListedKey extends KeyRecord {
  /** Micro-credits, spent or reserved. */
  readonly usedThisMonth: bigint;
}

/** API keys: authentication and management. They are stored as keyed hashes; the text of a key is shown once, when it is created. */
export class KeyService {
  readonly #parts: KeyServiceParts;

  constructor(parts: KeyServiceParts) {
    this.#parts = parts;
  }

  /** @throws DomainError `not_found` when there is no such account; `conflict` when it is closed */
  create(terms: KeyTerms): Promise<CreatedKey> {
    return this.#parts.database.transaction(async (queries) => {
      await requireOpenAccount(queries, terms.accountId);
      const text = newKeyText();
      return { text, record: await storeKey(queries, this.#parts, { ...terms, text, origin: 'created' }) };
    });
  }

  /** @throws DomainError `unauthorized` for a key that is unknown, revoked or expired */
  authenticate(text: string): Promise<Caller> {
    const { database, secret, clock } = this.#parts;
    return database.transaction(async (queries) => {
      const key = isKeyText(text) ? await findKeyByHash(queries, hashOfKey(secret, text)) : null;
      const now = clock.now();
      requireUsable(key, now);
      if (isUseToBeRecorded(key, now)) await recordKeyUse(queries, key.id, now);
      return callerOf(key);
    });
  }

  /** @returns when it expires, null: never @throws DomainError `unauthorized` for a key that is unknown, revoked or expired */
  expiryOf(id: string): Promise<Date | null> {
    return this.#parts.database.transaction(async (queries) => {
      const key = await lockKey(queries, id);
      requireUsable(key, this.#parts.clock.now());
      return key.expiresAt;
    });
  }

  /** The newest usable key of the development account; null when there is none. */
  async development(): Promise<Caller | null> {
    const { database, clock } = this.#parts;
    return database.transaction(async (queries) => {
      const account = await findAccountByName(queries, DEVELOPMENT);
      const records = account === null ? [] : await listKeys(queries, account);
      const key = records.find((record) => isUsableFromStart(record, clock.now()));
      return key === undefined ? null : callerOf(key);
    });
  }

  /** The key is refused from now on, for ever. @throws DomainError `not_found` */
  revoke(id: string): Promise<ListedKey> {
    return this.#change(id, (queries, now) => revokeKey(queries, id, now));
  }

  /** Holds from the next request on; what is absent stays. @throws DomainError `not_found` */
  change(id: string, changes: KeyChanges): Promise<ListedKey> {
    return this.#change(id, (queries) => updateKey(queries, id, changes));
  }

  /** Newest first, revoked and expired ones too; of one account, or of all for null. */
  list(accountId: string | null): Promise<ListedKey[]> {
    return this.#parts.database.transaction(async (queries) =>
      this.#withUse(queries, await listKeys(queries, accountId)),
    );
  }

  #change(id: string, change: (queries: Queries, now: Date) => Promise<KeyRecord | null>): Promise<ListedKey> {
    const { database, clock } = this.#parts;
    return database.transaction(async (queries) => {
      const changed = await change(queries, clock.now());
      const [listed] = await this.#withUse(queries, changed === null ? [] : [changed]);
      if (listed === undefined) throw new DomainError('not_found', `there is no key ${id}`);
      return listed;
    });
  }

  async #withUse(queries: Queries, records: readonly KeyRecord[]): Promise<ListedKey[]> {
    const ids = records.map(({ id }) => id);
    const used = await findUseInMonth(queries, ids, monthOf(this.#parts.clock.now()));
    return records.map((record) => ({ ...record, usedThisMonth: used.get(record.id) ?? 0n }));
  }
}

/** Stores a key whose text is known. */
export function storeKey(
  queries: Queries,
  { secret, clock }: Pick<KeyServiceParts, 'secret' | 'clock'>,
  { text, ...key }: KeyTerms & { readonly text: string; readonly origin: KeyOrigin },
): Promise<KeyRecord> {
  const now = clock.now();
  const hash = hashOfKey(secret, text);
  return insertKey(queries, { ...key, id: newId(now.getTime()), hash, hint: hintOf(text), createdAt: now });
}

/** @throws DomainError `unauthorized` */
export function requireUsable(key: KeyRecord | null, now: Date): asserts key is KeyRecord {
  if (key === null) {
    throw new DomainError('unauthorized', 'unknown API key', {
      remedy: 'keys look like SG_ and 16 hexadecimal digits',
    });
  }
  if (key.revokedAt !== null) throw new DomainError('unauthorized', `the API key ending in ${key.hint} was revoked`);
  if (key.expiresAt !== null && key.expiresAt <= now) {
    throw new DomainError(
      'unauthorized',
      `the API key ending in ${key.hint} expired at ${key.expiresAt.toISOString()}`,
    );
  }
}

/** Whether it was created at a start or set in the environment, and may still be used. */
function isUsableFromStart({ origin, revokedAt, expiresAt }: KeyRecord, now: Date): boolean {
  const isFromStart = origin === 'development' || origin === 'environment';
  return isFromStart && revokedAt === null && (expiresAt === null || expiresAt > now);
}

function isUseToBeRecorded({ lastUsedAt }: KeyRecord, now: Date): boolean {
  return lastUsedAt === null || now.getTime() - lastUsedAt.getTime() >= USE_RECORDED_EVERY_MS;
}

function callerOf({ id, accountId, name, scopes, models, requestsPerMinute, monthlyBudget }: KeyRecord): Caller {
  return { accountId, keyId: id, keyName: name, scopes, models, requestsPerMinute, monthlyBudget };
}
