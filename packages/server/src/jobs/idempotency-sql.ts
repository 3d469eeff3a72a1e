import type { Transaction } from '../database/database.ts';
import { queriesOf } from '../database/transaction.ts';
import type { Idempotency, IdempotencyRecord } from './idempotency-port.ts';

export const idempotencyInPostgres: Idempotency = {
  async find(transaction: Transaction, accountId: string, key: string): Promise<IdempotencyRecord | null> {
    const row = await queriesOf(transaction)
      .selectFrom('idempotency')
      .selectAll()
      .where('account_id', '=', accountId)
      .where('key', '=', key)
      .executeTakeFirst();
    if (row === undefined) return null;
    return { accountId, key, bodyHash: row.body_hash, jobId: row.job_id, createdAt: row.created_at };
  },

  async put(transaction: Transaction, record: IdempotencyRecord): Promise<void> {
    const { accountId, key } = record;
    const queries = queriesOf(transaction);
    await queries.deleteFrom('idempotency').where('account_id', '=', accountId).where('key', '=', key).execute();
    await queries
      .insertInto('idempotency')
      .values({
        account_id: accountId,
        key,
        body_hash: Buffer.from(record.bodyHash),
        job_id: record.jobId,
        created_at: record.createdAt,
      })
      .execute();
  },

  async deleteBefore(transaction: Transaction, time: Date): Promise<number> {
    const query = queriesOf(transaction).deleteFrom('idempotency').where('created_at', '<', time);
    return Number((await query.executeTakeFirst()).numDeletedRows);
  },
};
