import type { KeyScope } from '@easel/contract';
import type { Selectable } from 'kysely';
import type { Queries } from '../database/database.ts';
import { KEY_CHANNEL, notify } from '../database/notifications.ts';
import type { ApiKeysTable, KeyOrigin } from '../database/tables.ts';

/** What an administrator decides about a key. */
export interface KeyTerms {
  readonly accountId: string;
  readonly name: string;
  readonly scopes: readonly KeyScope[];
  /** The only models it may use; null: all. */
  readonly models: readonly string[] | null;
  /** Micro-credits a calendar month (UTC); null: no limit but the balance. */
  readonly monthlyBudget: bigint | null;
  /** null: the server's own limit. */
  readonly requestsPerMinute: number | null;
  readonly expiresAt: Date | null;
}

/** What may be changed; what is absent stays. */
export type KeyChanges = Partial<Omit<KeyTerms, 'accountId'>>;

export interface KeyRecord extends KeyTerms {
  readonly id: string;
  /** The last four characters, for people to recognise it by. */
  readonly hint: string;
  readonly origin: KeyOrigin;
  readonly revokedAt: Date | null;
  readonly createdAt: Date;
  readonly lastUsedAt: Date | null;
}

export interface NewKey extends KeyTerms {
  readonly id: string;
  /** The keyed hash of the key's text: 32 bytes. */
  readonly hash: Uint8Array;
  readonly hint: string;
  readonly origin: KeyOrigin;
  readonly createdAt: Date;
}

export async function insertKey(queries: Queries, key: NewKey): Promise<KeyRecord> {
  const row = await queries
    .insertInto('api_keys')
    .values({
      id: key.id,
      account_id: key.accountId,
      name: key.name,
      hash: Buffer.from(key.hash),
      hint: key.hint,
      scopes: [...key.scopes],
      models: key.models === null ? null : [...key.models],
      monthly_budget: key.monthlyBudget,
      requests_per_minute: key.requestsPerMinute,
      expires_at: key.expiresAt,
      origin: key.origin,
      created_at: key.createdAt,
    })
    .returning(columns)
    .executeTakeFirstOrThrow();
  return keyOf(row);
}

export async function findKeyByHash(queries: Queries, hash: Uint8Array): Promise<KeyRecord | null> {
  const row = await keyRows(queries).where('hash', '=', Buffer.from(hash)).executeTakeFirst();
  return row === undefined ? null : keyOf(row);
}

/** Also keeps it from being changed until the transaction ends. */
export async function lockKey(queries: Queries, id: string): Promise<KeyRecord | null> {
  return (await lockKeys(queries, [id])).get(id) ?? null;
}

/** As `lockKey`; those that do not exist are absent. */
export async function lockKeys(queries: Queries, ids: readonly string[]): Promise<ReadonlyMap<string, KeyRecord>> {
  if (ids.length === 0) return new Map();
  const rows = await keyRows(queries).where('id', 'in', ids).orderBy('id').forShare().execute();
  return new Map(rows.map((row) => [row.id, keyOf(row)]));
}

/** Newest first; of one account, or of all for null. Revoked and expired keys are among them. */
export async function listKeys(queries: Queries, accountId: string | null): Promise<KeyRecord[]> {
  let rows = keyRows(queries).orderBy('id', 'desc');
  if (accountId !== null) rows = rows.where('account_id', '=', accountId);
  return (await rows.execute()).map(keyOf);
}

/** Those of one origin in one account. */
export async function listKeysOfOrigin(queries: Queries, accountId: string, origin: KeyOrigin): Promise<KeyRecord[]> {
  const rows = keyRows(queries).where('account_id', '=', accountId).where('origin', '=', origin);
  return (await rows.execute()).map(keyOf);
}

/** For ever; the time of an earlier revocation stays. @returns null when there is no such key */
export async function revokeKey(queries: Queries, id: string, now: Date): Promise<KeyRecord | null> {
  const row = await queries
    .updateTable('api_keys')
    .set(({ fn, ref, val }) => ({ revoked_at: fn.coalesce(ref('revoked_at'), val(now)) }))
    .where('id', '=', id)
    .returning(columns)
    .executeTakeFirst();
  return row === undefined ? null : announceChange(queries, keyOf(row));
}

/** @returns null when there is no such key */
export async function updateKey(
  queries: Queries,
  id: string,
  { name, scopes, models, monthlyBudget, requestsPerMinute, expiresAt }: KeyChanges,
): Promise<KeyRecord | null> {
  const row = await queries
    .updateTable('api_keys')
    // Undefined leaves a column as it is.
    .set({
      name,
      scopes: scopes && [...scopes],
      models: models && [...models],
      monthly_budget: monthlyBudget,
      requests_per_minute: requestsPerMinute,
      expires_at: expiresAt,
    })
    .where('id', '=', id)
    .returning(columns)
    .executeTakeFirst();
  return row === undefined ? null : announceChange(queries, keyOf(row));
}

export async function recordKeyUse(queries: Queries, id: string, now: Date): Promise<void> {
  await queries.updateTable('api_keys').set({ last_used_at: now }).where('id', '=', id).execute();
}

/** Notifies all processes, when the transaction is committed, that the key has changed. */
async function announceChange(queries: Queries, key: KeyRecord): Promise<KeyRecord> {
  await notify(queries, KEY_CHANNEL, key.id);
  return key;
}

/** Everything but the hash, which nobody needs to read. */
const columns = [
  'id',
  'account_id',
  'name',
  'hint',
  'scopes',
  'models',
  'monthly_budget',
  'requests_per_minute',
  'expires_at',
  'revoked_at',
  'origin',
  'created_at',
  'last_used_at',
] as const;

function keyRows(queries: Queries) {
  return queries.selectFrom('api_keys').select(columns);
}

function keyOf(row: Pick<Selectable<ApiKeysTable>, (typeof columns)[number]>): KeyRecord {
  return {
    id: row.id,
    accountId: row.account_id,
    name: row.name,
    hint: row.hint,
    scopes: row.scopes,
    models: row.models,
    monthlyBudget: row.monthly_budget,
    requestsPerMinute: row.requests_per_minute,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
    origin: row.origin,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
  };
}
