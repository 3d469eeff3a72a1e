import { isErrorCode, type JobStatus, limits } from '@easel/contract';
import { type Insertable, type Selectable, sql } from 'kysely';
import type { Queries } from '../database/database.ts';
import type { JobsTable } from '../database/tables.ts';
import { firstIdAt } from '../ids.ts';
import type { JobFailure, JobRecord, JobRequest, NewJob } from './job.ts';

export const unfinishedStates = ['queued', 'running'] as const;

/**
 * The columns for `toJobRecord`. The release before stored the start picture in the request; in the rows that still have it, only
 * the worker that starts the job reads it (`markStarted`).
 */
export const jobColumns = [
  'id',
  'account_id',
  'key_id',
  'surface',
  'model',
  'prompt',
  'state',
  'price',
  'priority',
  'virtual_start',
  'attempt',
  'worker_id',
  'favourite',
  'store',
  'draft',
  'error_code',
  'error_message',
  'error_param',
  'created_at',
  'started_at',
  'finished_at',
  'queue_ms',
  'run_ms',
  'drawn_by',
  'device',
  'arithmetic',
  'expires_at',
  'request_id',
  'traceparent',
  'waiter',
  'webhook_url',
  'webhook_base',
  'profile',
  sql<bigint | null>`(select refund.amount from easel.refunds as refund where refund.job_id = jobs.id)`.as('refunded'),
  sql<JobRequest>`case when length(request ->> 'image') > 32 then request || '{"image": null}' else request end`.as(
    'request',
  ),
] as const;

export function toJobRecord(
  row: Omit<Selectable<JobsTable>, 'seed' | 'width' | 'height' | 'samples' | 'steps' | 'ended_event'> & {
    /** Absent where no job that has ended is read. */
    readonly refunded?: bigint | null;
  },
): JobRecord {
  return {
    id: row.id,
    accountId: row.account_id,
    keyId: row.key_id,
    surface: row.surface,
    // The request of a job from before there were profiles names none.
    request: { ...row.request, profile: row.profile },
    price: row.price,
    refunded: row.refunded ?? 0n,
    priority: row.priority,
    virtualStart: row.virtual_start,
    store: row.store,
    draft: row.draft,
    requestId: row.request_id,
    traceparent: row.traceparent,
    waiter: row.waiter,
    webhook: row.webhook_url === null ? null : { url: row.webhook_url, baseUrl: row.webhook_base ?? '' },
    createdAt: row.created_at,
    prompt: row.prompt,
    state: row.state,
    attempt: row.attempt,
    workerId: row.worker_id,
    favourite: row.favourite,
    failure: toFailure(row),
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    queueMs: row.queue_ms,
    runMs: row.run_ms,
    drawnBy: row.drawn_by,
    // Earlier releases, which do not tell, ran on the CPU only.
    device: row.device ?? (row.state === 'succeeded' ? 'cpu' : null),
    arithmetic: row.arithmetic,
    expiresAt: row.expires_at,
  };
}

function toFailure(
  row: Pick<Selectable<JobsTable>, 'error_code' | 'error_message' | 'error_param'>,
): JobFailure | null {
  if (row.error_code === null) return null;
  const code = isErrorCode(row.error_code) ? row.error_code : 'server_error';
  return { code, message: row.error_message ?? '', param: row.error_param };
}

/** Milliseconds between a column and a time, for an integer column. */
export function millisecondsSince(column: 'created_at' | 'started_at', now: Date) {
  const ms = sql`extract(epoch from ${now}::timestamptz - ${sql.ref(column)}) * 1000`;
  return sql<number | null>`greatest(0, least(2147483647, ${ms}))::integer`;
}

export async function insertJobs(queries: Queries, jobs: readonly NewJob[]): Promise<void> {
  await queries.insertInto('jobs').values(jobs.map(rowOf)).execute();
}

function rowOf({ request, webhook, ...job }: NewJob): Insertable<JobsTable> {
  return {
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
    profile: request.profile,
    store: job.store,
    draft: job.draft,
    request_id: job.requestId,
    traceparent: job.traceparent,
    waiter: job.waiter,
    webhook_url: webhook?.url ?? null,
    webhook_base: webhook?.baseUrl ?? null,
    created_at: job.createdAt,
  };
}

export async function findJob(queries: Queries, id: string): Promise<JobRecord | null> {
  const row = await queries.selectFrom('jobs').select(jobColumns).where('id', '=', id).executeTakeFirst();
  return row === undefined ? null : toJobRecord(row);
}

/** Those of the jobs that exist. */
export async function findJobs(queries: Queries, ids: readonly string[]): Promise<JobRecord[]> {
  if (ids.length === 0) return [];
  const rows = await queries.selectFrom('jobs').select(jobColumns).where('id', 'in', ids).execute();
  return rows.map(toJobRecord);
}

/** Locks the job until the transaction ends. */
export async function lockJob(queries: Queries, id: string): Promise<JobRecord | null> {
  const query = queries.selectFrom('jobs').select(jobColumns).where('id', '=', id).forNoKeyUpdate();
  const row = await query.executeTakeFirst();
  return row === undefined ? null : toJobRecord(row);
}

/** Which jobs, newest first; an absent condition does not apply. */
export interface JobFilter {
  readonly accountId?: string | undefined;
  /** In one of these. */
  readonly states?: readonly JobStatus[] | undefined;
  readonly model?: string | undefined;
  /** Of one of its pictures. */
  readonly seed?: number | undefined;
  /** Asked for, or of one of its pictures: an enlarged one is larger. */
  readonly size?: { readonly width: number; readonly height: number } | undefined;
  /** Whether a picture of it is kept. */
  readonly hasImages?: boolean | undefined;
  /** Taken at this time or later. */
  readonly since?: Date | undefined;
  /** Taken before this time. */
  readonly until?: Date | undefined;
  readonly favourite?: boolean | undefined;
  /** With a picture in this collection. */
  readonly collection?: string | undefined;
  /** All of them occur in the prompt, in any case. */
  readonly words?: readonly string[] | undefined;
  /** Only jobs older than this one. */
  readonly before?: string | undefined;
  readonly limit: number;
}

/** Newest first; ids sort by time. Drafts are in no list. */
export async function selectJobs(queries: Queries, filter: JobFilter): Promise<JobRecord[]> {
  const {
    accountId,
    states,
    model,
    seed,
    size,
    favourite,
    collection,
    hasImages,
    since,
    until,
    words = [],
    before,
    limit,
  } = filter;
  const rows = await queries
    .selectFrom('jobs')
    .select(jobColumns)
    .where('draft', '=', false)
    .$if(accountId !== undefined, (query) => query.where('account_id', '=', accountId ?? ''))
    .$if(states !== undefined, (query) => query.where('state', 'in', states ?? []))
    .$if(model !== undefined, (query) => query.where('model', '=', model ?? ''))
    .$if(seed !== undefined, (query) => query.where(hasSeed(seed ?? 0)))
    .$if(size !== undefined, (query) => query.where(hasSize(size?.width ?? 0, size?.height ?? 0)))
    .$if(favourite !== undefined, (query) => query.where('favourite', '=', favourite ?? false))
    .$if(hasImages !== undefined, (query) => query.where(keepsImages(), '=', hasImages ?? true))
    .$if(since !== undefined, (query) => query.where(takenSince(since ?? new Date(0))))
    .$if(until !== undefined, (query) => query.where(takenBefore(until ?? new Date(0))))
    .$if(collection !== undefined, (query) => query.where(isCollectedIn(collection ?? '')))
    .$if(before !== undefined, (query) => query.where('id', '<', before ?? ''))
    .where(({ and, eb }) => and(words.map((word) => eb('prompt', 'ilike', `%${escapeLike(word)}%`))))
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
  return rows.map(toJobRecord);
}

/** Picture k of a job has its seed plus k, but variations all have the one seed, and 0 follows the largest seed: the distance between the two seeds is less than `samples`. */
function hasSeed(seed: number) {
  const distance = sql`(${BigInt(seed)}::bigint - seed + ${BigInt(limits.seed.max + 1)}::bigint) % ${BigInt(limits.seed.max + 1)}::bigint`;
  const isVaried = sql`coalesce((request->>'variationStrength')::float8, 0) > 0`;
  return sql<boolean>`${distance} < case when ${isVaried} then 1 else samples end`;
}

function hasSize(width: number, height: number) {
  return sql<boolean>`(jobs.width = ${width} and jobs.height = ${height} or exists (
    select from easel.job_images as image
    where image.job_id = jobs.id and image.width = ${width} and image.height = ${height} and image.deleted_at is null
  ))`;
}

function keepsImages() {
  return sql<boolean>`exists (
    select from easel.job_images as image where image.job_id = jobs.id and image.deleted_at is null
  )`;
}

/** How far the clocks that ids and times are taken from may differ. */
const CLOCKS_MS = 24 * 3600 * 1000;

/** Ids sort by time, so the index of an account's jobs leads to the place; which of them count, their own time tells. */
function takenSince(time: Date) {
  return sql<boolean>`(created_at >= ${time} and id >= ${firstIdAt(time.getTime() - CLOCKS_MS)}::uuid)`;
}

function takenBefore(time: Date) {
  return sql<boolean>`(created_at < ${time} and id < ${firstIdAt(time.getTime() + CLOCKS_MS)}::uuid)`;
}

function isCollectedIn(collection: string) {
  return sql<boolean>`exists (
    select from easel.collection_images join easel.job_images on name = image_name
    where job_id = jobs.id and collection_id = ${collection}
  )`;
}

/** Escapes the wildcards of LIKE (PostgreSQL, §9.7.1). */
function escapeLike(word: string): string {
  return word.replace(/[\\%_]/g, '\\$&');
}

/** Starts a new attempt. @returns the job as it is now, or null when it had ended or does not exist */
export async function markStarted(
  queries: Queries,
  { jobId, workerId, now }: { readonly jobId: string; readonly workerId: string; readonly now: Date },
): Promise<JobRecord | null> {
  const row = await queries
    .updateTable('jobs')
    .set((column) => ({
      state: 'running',
      attempt: column('attempt', '+', 1),
      worker_id: workerId,
      started_at: now,
      queue_ms: millisecondsSince('created_at', now),
    }))
    .where('id', '=', jobId)
    .where('state', 'in', unfinishedStates)
    .returningAll()
    .executeTakeFirst();
  return row === undefined ? null : toJobRecord(row);
}

/** Queues the job again. @returns false, and nothing has changed, when the attempt is not the current one any more */
export async function requeueJob(
  queries: Queries,
  { id, attempt }: Pick<JobRecord, 'id' | 'attempt'>,
): Promise<boolean> {
  const result = await queries
    .updateTable('jobs')
    .set({ state: 'queued', worker_id: null, started_at: null, queue_ms: null })
    .where('id', '=', id)
    .where('state', '=', 'running')
    .where('attempt', '=', attempt)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

/** To be narrowed: the jobs that have a place in the queue. Drafts wait, too, and have none. */
export function queuedJobs(queries: Queries) {
  return queries.selectFrom('jobs').where('state', '=', 'queued').where('draft', '=', false);
}

/** Unfinished jobs that were neither submitted nor started since, oldest first: the queue may have lost them. */
export async function unfinishedJobsSince(queries: Queries, before: Date, limit: number): Promise<JobRecord[]> {
  const rows = await queries
    .selectFrom('jobs')
    .select(jobColumns)
    .where('state', 'in', unfinishedStates)
    .where('created_at', '<', before)
    .where((where) => where.or([where('started_at', 'is', null), where('started_at', '<', before)]))
    .orderBy('id')
    .limit(limit)
    .execute();
  return rows.map(toJobRecord);
}

/** Deletes expired records, with the rows of their pictures. @returns how many */
export async function deleteExpiredJobs(queries: Queries, now: Date, limit: number): Promise<number> {
  const expired = queries
    .selectFrom('jobs')
    .select('id')
    .where('expires_at', '<=', now)
    // Its pictures and their files go first: they are found by this record.
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
}

export async function deleteJob(queries: Queries, id: string): Promise<void> {
  await queries.deleteFrom('jobs').where('id', '=', id).execute();
}
