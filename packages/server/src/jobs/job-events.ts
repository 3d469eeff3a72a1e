import { isRecord, type JobStatus } from '@easel/contract';
import { type Insertable, type Selectable, sql } from 'kysely';
import type { Queries } from '../database/database.ts';
import { EVENT_CHANNEL, notify, notifyAll } from '../database/notifications.ts';
import type { JobEventsTable, JobState } from '../database/tables.ts';

/** What happens to a job, as it is published. The final events carry no details: those are in the job's record. */
export type JobEvent =
  | { readonly kind: 'started'; readonly startedAt: Date }
  | {
      readonly kind: 'step';
      /** 1 … total, over all samples. */
      readonly index: number;
      readonly total: number;
      /** The noise level at the start of the step. */
      readonly sigma: number;
      readonly etaSeconds: number;
      /** The picture so far, a small JPEG file. */
      readonly preview: Uint8Array | null;
    }
  | {
      readonly kind: 'sample';
      /** 0 … samples − 1. */
      readonly sample: number;
      /** The finished picture, a small JPEG file. */
      readonly preview: Uint8Array;
    }
  | FinalEvent;

export interface FinalEvent {
  readonly kind: 'succeeded' | 'failed' | 'cancelled';
}

export function isFinal(event: JobEvent): event is FinalEvent {
  return event.kind === 'succeeded' || event.kind === 'failed' || event.kind === 'cancelled';
}

export interface StoredEvent {
  readonly jobId: string;
  /** Grows with time. */
  readonly id: bigint;
  readonly event: JobEvent;
}

/** How far a job is. */
export interface JobProgress {
  readonly jobId: string;
  readonly accountId: string;
  readonly model: string;
  readonly state: JobStatus;
  /** The id of its final event; null before the end, and for jobs that ended before such ids were kept. */
  readonly endedEvent: bigint | null;
}

type Owner = Pick<JobProgress, 'jobId' | 'accountId'>;

/** Stores an event; followers learn of it when the transaction is committed. @returns its id */
export async function appendEvent(queries: Queries, job: Owner, event: JobEvent): Promise<bigint> {
  const row = toEventRow(job.jobId, event);
  const { id } = await queries.insertInto('job_events').values(row).returning('id').executeTakeFirstOrThrow();
  await notify(queries, EVENT_CHANNEL, newsText({ ...job, kind: event.kind }));
  return id;
}

/**
 * Stores the event that ends a job. It has to be the last thing that its transaction locks: from here on the account's other ends
 * wait, so that their ids grow in the order of their commits.
 */
export async function appendFinalEvent(queries: Queries, job: Owner, event: FinalEvent): Promise<void> {
  await sql`select pg_advisory_xact_lock(${endsOf(job.accountId)})`.execute(queries);
  const ended_event = await appendEvent(queries, job, event);
  await queries.updateTable('jobs').set({ ended_event }).where('id', '=', job.jobId).execute();
}

/** The small copies of its finished pictures. */
export async function deleteSamples(queries: Queries, jobId: string): Promise<void> {
  await queries.deleteFrom('job_events').where('job_id', '=', jobId).where('kind', '=', 'sample').execute();
}

/** Tells the accounts' followers about new jobs when the transaction is committed. */
export async function announceQueued(queries: Queries, jobs: readonly Owner[]): Promise<void> {
  const payloads = jobs.map((job) => newsText({ ...job, kind: 'queued' }));
  await notifyAll(queries, EVENT_CHANNEL, payloads);
}

/** That something has happened to a job, not what. */
export interface JobNews {
  readonly jobId: string;
  /** Null in a notice from a process of an earlier release. */
  readonly accountId: string | null;
  /** Whether it was only a step, or a finished one of several pictures. */
  readonly isStep: boolean;
}

/** The payload of a notice; `EventBus.publish` writes the same in SQL. */
function newsText({ jobId, accountId, kind }: Owner & { readonly kind: string }): string {
  return `${jobId} ${accountId} ${kind}`;
}

/** Reads a payload; a process of an earlier release sends the job's id only. */
export function parseNews(text: string): JobNews {
  const [jobId = '', accountId = null, kind] = text.split(' ');
  return { jobId, accountId, isStep: kind === 'step' || kind === 'sample' };
}

/** Of each job the events after an id, in order; 0 for all that are still kept. */
export async function eventsAfter(queries: Queries, seen: ReadonlyMap<string, bigint>): Promise<StoredEvent[]> {
  const { rows } = await sql<Selectable<JobEventsTable>>`
    select event.* from ${unnested(seen)} as job (id, seen)
    join easel.job_events as event on event.job_id = job.id and event.id > job.seen
    order by event.id
  `.execute(queries);
  return toStoredEvents(rows);
}

/** Of each job the latest event of each kind, and of each finished picture, in order. */
export async function latestEvents(queries: Queries, jobIds: readonly string[]): Promise<StoredEvent[]> {
  const { rows } = await sql<Selectable<JobEventsTable>>`
    select distinct on (job_id, kind, data->'sample') * from easel.job_events
    where job_id = any(${[...jobIds]}::uuid[])
    order by job_id, kind, data->'sample', id desc
  `.execute(queries);
  return toStoredEvents(rows).sort((one, other) => Number(one.id - other.id));
}

/** Jobs that do not exist are absent. */
export async function progressOfJobs(queries: Queries, jobIds: readonly string[]): Promise<JobProgress[]> {
  const { rows } = await sql<ProgressRow>`
    select id, account_id, model, state, ended_event from easel.jobs where id = any(${[...jobIds]}::uuid[])
  `.execute(queries);
  return rows.map(toProgress);
}

/** Of each account the unfinished jobs, but no drafts, and those that ended after a cursor: the newest `limit` of them. */
export async function progressOfAccounts(
  queries: Queries,
  cursors: ReadonlyMap<string, bigint>,
  limit: number,
): Promise<JobProgress[]> {
  const { rows } = await sql<ProgressRow>`
    select job.* from ${unnested(cursors)} as account (id, seen)
    cross join lateral (
      (select id, account_id, model, state, ended_event from easel.jobs
        where account_id = account.id and not draft and state in ('queued', 'running'))
      union all
      (select id, account_id, model, state, ended_event from easel.jobs
        where account_id = account.id and not draft and ended_event > account.seen
        order by ended_event desc limit ${limit})
    ) as job
  `.execute(queries);
  return rows.map(toProgress);
}

/** A cursor after all of the account's ends so far and before all later ones. */
export async function cursorNow(queries: Queries, accountId: string): Promise<bigint> {
  // While it is held no end of this account is between its id and its commit.
  await sql`select pg_advisory_xact_lock_shared(${endsOf(accountId)})`.execute(queries);
  const { rows } = await sql<{ cursor: bigint }>`
    select case when is_called then last_value else 0::bigint end as cursor from easel.job_events_id_seq
  `.execute(queries);
  return rows[0]?.cursor ?? 0n;
}

/** @returns how many */
export async function deleteEventsOfJobsEndedBefore(queries: Queries, time: Date): Promise<number> {
  const ended = queries.selectFrom('jobs').select('id').where('finished_at', '<', time);
  const result = await queries.deleteFrom('job_events').where('job_id', 'in', ended).executeTakeFirst();
  return Number(result.numDeletedRows);
}

/** The advisory lock under which the ends of an account get their ids. */
function endsOf(accountId: string) {
  return sql`hashtextextended(${`easel ends ${accountId}`}, 0)`;
}

function unnested(ids: ReadonlyMap<string, bigint>) {
  return sql`unnest(${[...ids.keys()]}::uuid[], ${[...ids.values()].map(String)}::bigint[])`;
}

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

export function toEventRow(jobId: string, event: JobEvent): Insertable<JobEventsTable> {
  const { kind, ...data } = event;
  if (event.kind === 'sample') {
    const { sample, preview } = event;
    return { job_id: jobId, kind, data: JSON.stringify({ sample }), preview: Buffer.from(preview) };
  }
  if (event.kind !== 'step') return { job_id: jobId, kind, data: JSON.stringify(data) };
  const { index, total, sigma, etaSeconds, preview } = event;
  return {
    job_id: jobId,
    kind,
    data: JSON.stringify({ index, total, sigma, etaSeconds }),
    preview: preview && Buffer.from(preview),
  };
}

/** Without events of a kind that this version does not know: a newer one may write to the same database. */
function toStoredEvents(rows: readonly Selectable<JobEventsTable>[]): StoredEvent[] {
  return rows.flatMap(({ id, job_id: jobId, kind, data, preview }) => {
    const event = toEvent(kind, data, preview);
    return event === null ? [] : [{ jobId, id, event }];
  });
}

function toEvent(kind: string, data: unknown, preview: Buffer | null): JobEvent | null {
  if (kind === 'succeeded' || kind === 'failed' || kind === 'cancelled') return { kind };
  if (kind === 'started' && isStarted(data)) return { kind, startedAt: new Date(data.startedAt) };
  if (kind === 'step' && isStep(data)) return { kind, ...data, preview };
  if (kind === 'sample' && isSample(data) && preview !== null) return { kind, sample: data.sample, preview };
  return null;
}

function isStarted(data: unknown): data is { readonly startedAt: string } {
  return isRecord(data) && typeof data.startedAt === 'string';
}

function isSample(data: unknown): data is { readonly sample: number } {
  return isRecord(data) && typeof data.sample === 'number';
}

interface StepData {
  readonly index: number;
  readonly total: number;
  readonly sigma: number;
  readonly etaSeconds: number;
}

function isStep(data: unknown): data is StepData {
  if (!isRecord(data)) return false;
  return ['index', 'total', 'sigma', 'etaSeconds'].every((name) => typeof data[name] === 'number');
}
