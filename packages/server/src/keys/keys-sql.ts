import { type Selectable, sql } from 'kysely';
import { KEY_CHANNEL } from '../database/channels.ts';
import type { Transaction } from '../database/database.ts';
import type { ApiKeysTable, KeyOrigin } from '../database/tables.ts';
import { queriesOf } from '../database/transaction.ts';
import type { KeyChanges, KeyRecord, Keys, NewKey } from './keys-port.ts';

export const keysInPostgres: Keys = {
  async insert(transaction: Transaction, key: NewKey): Promise<KeyRecord> {
    const row = await queriesOf(transaction)
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
  },

  async findByHash(transaction: Transaction, hash: Uint8Array): Promise<KeyRecord | null> {
    const row = await queriesOf(transaction)
      .selectFrom('api_keys')
      .select(columns)
      .where('hash', '=', Buffer.from(hash))
      .executeTakeFirst();
    return row === undefined ? null : keyOf(row);
  },

  async hold(transaction: Transaction, id: string): Promise<KeyRecord | null> {
    const query = queriesOf(transaction).selectFrom('api_keys').select(columns).where('id', '=', id).forShare();
    const row = await query.executeTakeFirst();
    return row === undefined ? null : keyOf(row);
  },

  async list(transaction: Transaction, accountId: string | null): Promise<KeyRecord[]> {
    let rows = queriesOf(transaction).selectFrom('api_keys').select(columns).orderBy('id', 'desc');
    if (accountId !== null) rows = rows.where('account_id', '=', accountId);
    return (await rows.execute()).map(keyOf);
  },

  async listOfOrigin(transaction: Transaction, accountId: string, origin: KeyOrigin): Promise<KeyRecord[]> {
    const rows = await queriesOf(transaction)
      .selectFrom('api_keys')
      .select(columns)
      .where('account_id', '=', accountId)
      .where('origin', '=', origin)
      .execute();
    return rows.map(keyOf);
  },

  async revoke(transaction: Transaction, id: string, now: Date): Promise<KeyRecord | null> {
    const row = await queriesOf(transaction)
      .updateTable('api_keys')
      .set(({ fn, ref, val }) => ({ revoked_at: fn.coalesce(ref('revoked_at'), val(now)) }))
      .where('id', '=', id)
      .returning(columns)
      .executeTakeFirst();
    return row === undefined ? null : tellOf(transaction, keyOf(row));
  },

  async change(transaction: Transaction, id: string, changes: KeyChanges): Promise<KeyRecord | null> {
    const row = await queriesOf(transaction)
      .updateTable('api_keys')
      .set(columnsOf(changes))
      .where('id', '=', id)
      .returning(columns)
      .executeTakeFirst();
    return row === undefined ? null : tellOf(transaction, keyOf(row));
  },

  async noteUse(transaction: Transaction, id: string, now: Date): Promise<void> {
    await queriesOf(transaction).updateTable('api_keys').set({ last_used_at: now }).where('id', '=', id).execute();
  },
};

/** All processes learn, when the transaction is committed, that the key is not what it was. */
async function tellOf(transaction: Transaction, key: KeyRecord): Promise<KeyRecord> {
  await sql`select pg_notify(${KEY_CHANNEL}, ${key.id})`.execute(queriesOf(transaction));
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

/** Undefined leaves a column as it is. */
function columnsOf({ name, scopes, models, monthlyBudget, requestsPerMinute, expiresAt }: KeyChanges) {
  return {
    name,
    scopes: scopes && [...scopes],
    models: models && [...models],
    monthly_budget: monthlyBudget,
    requests_per_minute: requestsPerMinute,
    expires_at: expiresAt,
  };
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
