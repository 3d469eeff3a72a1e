import type { Transaction } from '../database/database.ts';
import { queriesOf } from '../database/transaction.ts';
import type { RateLimits } from './rate-limits-port.ts';

export const rateLimitsInPostgres: RateLimits = {
  async count(transaction: Transaction, keyId: string, windowStart: Date): Promise<number> {
    const { count } = await queriesOf(transaction)
      .insertInto('rate_windows')
      .values({ key_id: keyId, window_start: windowStart, count: 1 })
      .onConflict((conflict) =>
        conflict
          .columns(['key_id', 'window_start'])
          .doUpdateSet(({ eb, ref }) => ({ count: eb(ref('rate_windows.count'), '+', 1) })),
      )
      .returning('count')
      .executeTakeFirstOrThrow();
    return count;
  },

  async removeBefore(transaction: Transaction, time: Date): Promise<number> {
    const past = queriesOf(transaction).deleteFrom('rate_windows').where('window_start', '<', time);
    return Number((await past.executeTakeFirst()).numDeletedRows);
  },
};
