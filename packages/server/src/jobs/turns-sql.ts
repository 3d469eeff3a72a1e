import { sql } from 'kysely';
import type { Transaction } from '../database/database.ts';
import { queriesOf } from '../database/transaction.ts';
import type { AccountTurn, Turns } from './turns-port.ts';

const VIRTUAL_TIME = 'virtual_time';

export const turnsInPostgres: Turns = {
  /** Not the strongest lock: rows that refer to the account may still be written by others, who may hold what this waits for. */
  async lock(transaction: Transaction, accountId: string): Promise<AccountTurn | null> {
    const row = await queriesOf(transaction)
      .selectFrom('accounts')
      .select(['virtual_finish', 'max_concurrent', 'max_queued'])
      .where('id', '=', accountId)
      .forNoKeyUpdate()
      .executeTakeFirst();
    if (row === undefined) return null;
    const { virtual_finish: virtualFinish, max_concurrent: maxConcurrent, max_queued: maxQueued } = row;
    return { virtualFinish, maxConcurrent, maxQueued };
  },

  async setVirtualFinish(transaction: Transaction, accountId: string, virtualFinish: bigint): Promise<void> {
    const change = { virtual_finish: virtualFinish };
    await queriesOf(transaction).updateTable('accounts').set(change).where('id', '=', accountId).execute();
  },

  async virtualTime(transaction: Transaction): Promise<bigint> {
    const row = await queriesOf(transaction)
      .selectFrom('settings')
      .select(sql<bigint>`(value #>> '{}')::bigint`.as('time'))
      .where('name', '=', VIRTUAL_TIME)
      .executeTakeFirst();
    return row?.time ?? 0n;
  },

  async advanceVirtualTime(transaction: Transaction, virtualStart: bigint): Promise<void> {
    const later = sql<string>`to_jsonb(greatest((settings.value #>> '{}')::bigint, ${virtualStart}::bigint))`;
    await queriesOf(transaction)
      .insertInto('settings')
      .values({ name: VIRTUAL_TIME, value: virtualStart.toString() })
      .onConflict((conflict) => conflict.column('name').doUpdateSet({ value: later }))
      .execute();
  },
};
