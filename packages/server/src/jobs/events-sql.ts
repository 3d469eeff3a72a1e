import { type Selectable, sql } from 'kysely';
import { CANCEL_CHANNEL, EVENT_CHANNEL, newsText, QUEUE_CHANNEL } from '../database/channels.ts';
import type { Transaction } from '../database/database.ts';
import type { JobEventsTable, JobState } from '../database/tables.ts';
import { queriesOf } from '../database/transaction.ts';
import { fromEventRow, toEventRow } from './event-row.ts';
import { type Events, isFinal, type JobEvent, type JobProgress, type StoredEvent } from './events-port.ts';

export const eventsInPostgres: Events = {
  async append(transaction: Transaction, jobId: string, event: JobEvent): Promise<void> {
    const queries = queriesOf(transaction);
    const { account_id: accountId } = await queries
      .selectFrom('jobs')
      .select('account_id')
      .where('id', '=', jobId)
      .executeTakeFirstOrThrow();
    const isEnd = isFinal(event);
    if (isEnd) await sql`select pg_advisory_xact_lock(${endsOf(accountId)})`.execute(queries);
    const { id } = await queries
      .insertInto('job_events')
      .values(toEventRow(jobId, event))
      .returning('id')
      .executeTakeFirstOrThrow();
    if (isEnd) await queries.updateTable('jobs').set({ ended_event: id }).where('id', '=', jobId).execute();
    await notify(transaction, newsText({ jobId, accountId, kind: event.kind }));
  },

  announceQueued(transaction: Transaction, jobId: string, accountId: string): Promise<void> {
    return notify(transaction, newsText({ jobId, accountId, kind: 'queued' }));
  },

  async after(transaction: Transaction, places: ReadonlyMap<string, bigint>): Promise<StoredEvent[]> {
    const { rows } = await sql<Selectable<JobEventsTable>>`
      select event.* from ${unnested(places)} as place (id, seen)
      join easel.job_events as event on event.job_id = place.id and event.id > place.seen
      order by event.id
    `.execute(queriesOf(transaction));
    return eventsOf(rows);
  },

  async latest(transaction: Transaction, jobIds: readonly string[]): Promise<StoredEvent[]> {
    const { rows } = await sql<Selectable<JobEventsTable>>`
      select distinct on (job_id, kind) * from easel.job_events
      where job_id = any(${[...jobIds]}::uuid[])
      order by job_id, kind, id desc
    `.execute(queriesOf(transaction));
    return eventsOf(rows).sort((one, other) => Number(one.id - other.id));
  },

  async progressOf(transaction: Transaction, jobIds: readonly string[]): Promise<JobProgress[]> {
    const { rows } = await sql<ProgressRow>`
      select id, account_id, model, state, ended_event from easel.jobs where id = any(${[...jobIds]}::uuid[])
    `.execute(queriesOf(transaction));
    return rows.map(toProgress);
  },

  async progressOfAccounts(
    transaction: Transaction,
    places: ReadonlyMap<string, bigint>,
    limit: number,
  ): Promise<JobProgress[]> {
    const { rows } = await sql<ProgressRow>`
      select job.* from ${unnested(places)} as place (id, seen)
      cross join lateral (
        (select id, account_id, model, state, ended_event from easel.jobs
          where account_id = place.id and state in ('queued', 'running'))
        union all
        (select id, account_id, model, state, ended_event from easel.jobs
          where account_id = place.id and ended_event > place.seen
          order by ended_event desc limit ${limit})
      ) as job
    `.execute(queriesOf(transaction));
    return rows.map(toProgress);
  },

  async placeNow(transaction: Transaction, accountId: string): Promise<bigint> {
    const queries = queriesOf(transaction);
    // While it is held no end of this account is between its number and its commit.
    await sql`select pg_advisory_xact_lock_shared(${endsOf(accountId)})`.execute(queries);
    const { rows } = await sql<{ place: bigint }>`
      select case when is_called then last_value else 0::bigint end as place from easel.job_events_id_seq
    `.execute(queries);
    return rows[0]?.place ?? 0n;
  },

  announceCancel(transaction: Transaction, jobId: string): Promise<void> {
    return notify(transaction, jobId, CANCEL_CHANNEL);
  },

  announceQueue(transaction: Transaction): Promise<void> {
    return notify(transaction, '', QUEUE_CHANNEL);
  },

  async deleteOfJobsEndedBefore(transaction: Transaction, time: Date): Promise<number> {
    const queries = queriesOf(transaction);
    const ended = queries.selectFrom('jobs').select('id').where('finished_at', '<', time);
    const result = await queries.deleteFrom('job_events').where('job_id', 'in', ended).executeTakeFirst();
    return Number(result.numDeletedRows);
  },
};

interface ProgressRow {
  readonly id: string;
  readonly account_id: string;
  readonly model: string;
  readonly state: JobState;
  readonly ended_event: bigint | null;
}

function toProgress({ id, account_id, model, state, ended_event }: ProgressRow): JobProgress {
  return { jobId: id, accountId: account_id, model, state, endedEvent: ended_event };
}

/** The advisory lock under which the ends of an account get their numbers. */
function endsOf(accountId: string) {
  return sql`hashtextextended(${`easel ends ${accountId}`}, 0)`;
}

function unnested(places: ReadonlyMap<string, bigint>) {
  return sql`unnest(${[...places.keys()]}::uuid[], ${[...places.values()].map(String)}::bigint[])`;
}

function eventsOf(rows: readonly Selectable<JobEventsTable>[]): StoredEvent[] {
  return rows.map(fromEventRow).filter((event) => event !== null);
}

async function notify(transaction: Transaction, payload: string, channel = EVENT_CHANNEL): Promise<void> {
  await sql`select pg_notify(${channel}, ${payload})`.execute(queriesOf(transaction));
}
