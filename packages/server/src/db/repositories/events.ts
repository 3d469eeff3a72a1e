import { sql } from 'kysely';
import type { Transaction } from '../../domain/ports/database.ts';
import type { Events, JobEvent, StoredEvent } from '../../domain/ports/events.ts';
import { CANCEL_CHANNEL, EVENT_CHANNEL, QUEUE_CHANNEL } from '../channels.ts';
import { fromEventRow, toEventRow } from '../event-row.ts';
import { queriesOf } from '../transaction.ts';

export const eventsInPostgres: Events = {
  async append(transaction: Transaction, jobId: string, event: JobEvent): Promise<void> {
    const queries = queriesOf(transaction);
    await queries.insertInto('job_events').values(toEventRow(jobId, event)).execute();
    await sql`select pg_notify(${EVENT_CHANNEL}, ${jobId})`.execute(queries);
  },

  async after(transaction: Transaction, jobId: string, id: bigint): Promise<StoredEvent[]> {
    const rows = await queriesOf(transaction)
      .selectFrom('job_events')
      .selectAll()
      .where('job_id', '=', jobId)
      .where('id', '>', id)
      .orderBy('id')
      .execute();
    return rows.map(fromEventRow).filter((event) => event !== null);
  },

  async announceCancel(transaction: Transaction, jobId: string): Promise<void> {
    await sql`select pg_notify(${CANCEL_CHANNEL}, ${jobId})`.execute(queriesOf(transaction));
  },

  async announceQueue(transaction: Transaction): Promise<void> {
    await sql`select pg_notify(${QUEUE_CHANNEL}, '')`.execute(queriesOf(transaction));
  },

  async deleteOfJobsEndedBefore(transaction: Transaction, time: Date): Promise<number> {
    const queries = queriesOf(transaction);
    const ended = queries.selectFrom('jobs').select('id').where('finished_at', '<', time);
    const result = await queries.deleteFrom('job_events').where('job_id', 'in', ended).executeTakeFirst();
    return Number(result.numDeletedRows);
  },
};
