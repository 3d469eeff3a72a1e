import { sql } from 'kysely';
import type { Queries } from './database.ts';

/** Channels of NOTIFY (PostgreSQL, NOTIFY). The payload is the id of a job or a key, or empty; that of an event is `newsText`'s. */
export const EVENT_CHANNEL = 'easel_events';
export const CANCEL_CHANNEL = 'easel_cancel';
export const KEY_CHANNEL = 'easel_keys';
export const QUEUE_CHANNEL = 'easel_queue';

/** Is delivered when the transaction is committed. */
export async function notify(queries: Queries, channel: string, payload = ''): Promise<void> {
  await sql`select pg_notify(${channel}, ${payload})`.execute(queries);
}
