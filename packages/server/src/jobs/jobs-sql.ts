import type { JobStatus } from '@easel/contract';
import type { Transaction } from '../database/database.ts';
import { queriesOf } from '../database/transaction.ts';
import { endJob, millisecondsSince } from './end-job.ts';
import { jobColumns, toJobRecord } from './job-record.ts';
import type {
  Attempt,
  End,
  JobFailure,
  JobFilter,
  JobRecord,
  Jobs,
  NewJob,
  Place,
  Start,
  WorkAmount,
} from './jobs-port.ts';
import { listJobs } from './list-jobs-sql.ts';
import { amountAhead, queueOf } from './work-ahead-sql.ts';

const unfinished = ['queued', 'running'] as const;

export const jobsInPostgres: Jobs = {
  async insert(transaction: Transaction, job: NewJob): Promise<void> {
    const { request } = job;
    await queriesOf(transaction)
      .insertInto('jobs')
      .values({
        id: job.id,
        account_id: job.accountId,
        key_id: job.keyId,
        surface: job.surface,
        model: request.model,
        request,
        prompt: request.prompt,
        price: job.price,
        priority: job.priority,
        virtual_start: job.virtualStart,
        seed: BigInt(request.seed),
        width: request.width,
        height: request.height,
        samples: request.samples,
        steps: request.steps,
        store: job.store,
        request_id: job.requestId,
        waiter: job.waiter,
        created_at: job.createdAt,
      })
      .execute();
  },

  async find(transaction: Transaction, id: string): Promise<JobRecord | null> {
    const row = await queriesOf(transaction)
      .selectFrom('jobs')
      .select(jobColumns)
      .where('id', '=', id)
      .executeTakeFirst();
    return row === undefined ? null : toJobRecord(row);
  },

  async findAll(transaction: Transaction, ids: readonly string[]): Promise<JobRecord[]> {
    if (ids.length === 0) return [];
    const rows = await queriesOf(transaction).selectFrom('jobs').select(jobColumns).where('id', 'in', ids).execute();
    return rows.map(toJobRecord);
  },

  async lock(transaction: Transaction, id: string): Promise<JobRecord | null> {
    const query = queriesOf(transaction).selectFrom('jobs').select(jobColumns).where('id', '=', id).forNoKeyUpdate();
    const row = await query.executeTakeFirst();
    return row === undefined ? null : toJobRecord(row);
  },

  list(transaction: Transaction, filter: JobFilter): Promise<JobRecord[]> {
    return listJobs(queriesOf(transaction), filter);
  },

  async start(transaction: Transaction, { jobId, workerId, now }: Start): Promise<JobRecord | null> {
    const row = await queriesOf(transaction)
      .updateTable('jobs')
      .set((column) => ({
        state: 'running',
        attempt: column('attempt', '+', 1),
        worker_id: workerId,
        started_at: now,
        queue_ms: millisecondsSince('created_at', now),
      }))
      .where('id', '=', jobId)
      .where('state', 'in', unfinished)
      .returningAll()
      .executeTakeFirst();
    return row === undefined ? null : toJobRecord(row);
  },

  async requeue(transaction: Transaction, { jobId, attempt }: Attempt): Promise<boolean> {
    const result = await queriesOf(transaction)
      .updateTable('jobs')
      .set({ state: 'queued', worker_id: null, started_at: null, queue_ms: null })
      .where('id', '=', jobId)
      .where('state', '=', 'running')
      .where('attempt', '=', attempt)
      .executeTakeFirst();
    return result.numUpdatedRows > 0n;
  },

  succeed(transaction: Transaction, { drawnBy, ...end }: End & { readonly drawnBy: string }): Promise<boolean> {
    return endJob(transaction, end, 'succeeded', ['running'], null, drawnBy);
  },

  fail(transaction: Transaction, { failure, ...end }: End & { readonly failure: JobFailure }): Promise<boolean> {
    return endJob(transaction, end, 'failed', unfinished, failure);
  },

  cancel(transaction: Transaction, end: End): Promise<boolean> {
    return endJob(transaction, end, 'cancelled', unfinished, null);
  },

  async setFavourite(transaction: Transaction, id: string, favourite: boolean): Promise<boolean> {
    const query = queriesOf(transaction).updateTable('jobs').set({ favourite }).where('id', '=', id);
    return (await query.executeTakeFirst()).numUpdatedRows > 0n;
  },

  async lockPlaces(transaction: Transaction, accountId: string, model: string): Promise<Place[]> {
    const rows = await queriesOf(transaction)
      .selectFrom('jobs')
      .select(['id', 'priority', 'virtual_start'])
      .where('account_id', '=', accountId)
      .where('model', '=', model)
      .where('state', '=', 'queued')
      .orderBy('virtual_start')
      .orderBy('id')
      .forNoKeyUpdate()
      .execute();
    return rows.map(({ id, priority, virtual_start }) => ({ jobId: id, model, priority, virtualStart: virtual_start }));
  },

  async setVirtualStart(transaction: Transaction, id: string, virtualStart: bigint): Promise<void> {
    const change = { virtual_start: virtualStart };
    await queriesOf(transaction).updateTable('jobs').set(change).where('id', '=', id).execute();
  },

  async countQueued(transaction: Transaction, model: string): Promise<number> {
    const { count } = await queriesOf(transaction)
      .selectFrom('jobs')
      .select(({ fn }) => fn.countAll<bigint>().as('count'))
      .where('model', '=', model)
      .where('state', '=', 'queued')
      .executeTakeFirstOrThrow();
    return Number(count);
  },

  async countQueuedOf(transaction: Transaction, accountId: string): Promise<number> {
    const { count } = await queriesOf(transaction)
      .selectFrom('jobs')
      .select(({ fn }) => fn.countAll<bigint>().as('count'))
      .where('account_id', '=', accountId)
      .where('state', '=', 'queued')
      .executeTakeFirstOrThrow();
    return Number(count);
  },

  async countWaitingAccounts(transaction: Transaction, model: string): Promise<number> {
    const { count } = await queriesOf(transaction)
      .selectFrom('jobs')
      .select(({ fn }) => fn.count<bigint>('account_id').distinct().as('count'))
      .where('model', '=', model)
      .where('state', '=', 'queued')
      .executeTakeFirstOrThrow();
    return Number(count);
  },

  async queuedOfKey(transaction: Transaction, keyId: string): Promise<string[]> {
    const rows = await queriesOf(transaction)
      .selectFrom('jobs')
      .select('id')
      .where('key_id', '=', keyId)
      .where('state', '=', 'queued')
      .orderBy('id')
      .execute();
    return rows.map(({ id }) => id);
  },

  async revokedKeysWaiting(transaction: Transaction): Promise<string[]> {
    const rows = await queriesOf(transaction)
      .selectFrom('jobs')
      .innerJoin('api_keys', 'api_keys.id', 'jobs.key_id')
      .select('key_id')
      .distinct()
      .where('state', '=', 'queued')
      .where('revoked_at', 'is not', null)
      .execute();
    return rows.map(({ key_id }) => key_id);
  },

  async countByState(transaction: Transaction): Promise<{ readonly queued: number; readonly running: number }> {
    const rows = await queriesOf(transaction)
      .selectFrom('jobs')
      .select(({ fn }) => ['state', fn.countAll<bigint>().as('count')])
      .where('state', 'in', unfinished)
      .groupBy('state')
      .execute();
    const of = (wanted: JobStatus) => Number(rows.find(({ state }) => state === wanted)?.count ?? 0n);
    return { queued: of('queued'), running: of('running') };
  },

  ahead(transaction: Transaction, place: Pick<Place, 'jobId' | 'model' | 'virtualStart'>): Promise<WorkAmount> {
    return amountAhead(queriesOf(transaction), place);
  },

  queue(transaction: Transaction, model: string): Promise<(WorkAmount & { readonly jobId: string })[]> {
    return queueOf(queriesOf(transaction), model);
  },

  async running(transaction: Transaction, model: string): Promise<JobRecord[]> {
    const rows = await queriesOf(transaction)
      .selectFrom('jobs')
      .select(jobColumns)
      .where('model', '=', model)
      .where('state', '=', 'running')
      .execute();
    return rows.map(toJobRecord);
  },

  async unfinishedSince(transaction: Transaction, before: Date, limit: number): Promise<JobRecord[]> {
    const rows = await queriesOf(transaction)
      .selectFrom('jobs')
      .select(jobColumns)
      .where('state', 'in', unfinished)
      .where('created_at', '<', before)
      .where((where) => where.or([where('started_at', 'is', null), where('started_at', '<', before)]))
      .orderBy('id')
      .limit(limit)
      .execute();
    return rows.map(toJobRecord);
  },

  async remove(transaction: Transaction, id: string): Promise<void> {
    await queriesOf(transaction).deleteFrom('jobs').where('id', '=', id).execute();
  },

  async deleteExpired(transaction: Transaction, now: Date, limit: number): Promise<number> {
    const queries = queriesOf(transaction);
    const expired = queries
      .selectFrom('jobs')
      .select('id')
      .where('expires_at', '<=', now)
      // Its pictures go first, file and all: the record is what they are found by.
      .where(({ not, exists, selectFrom }) =>
        not(
          exists(
            selectFrom('job_images')
              .select('name')
              .whereRef('job_images.job_id', '=', 'jobs.id')
              .where('deleted_at', 'is', null),
          ),
        ),
      )
      .limit(limit);
    const result = await queries.deleteFrom('jobs').where('id', 'in', expired).executeTakeFirst();
    return Number(result.numDeletedRows);
  },
};
