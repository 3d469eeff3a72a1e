import { sql } from 'kysely';
import type { Queries } from '../database/database.ts';
import { notify, QUEUE_CHANNEL } from '../database/notifications.ts';
import type { JobContext } from './job.ts';
import { unfinishedStates } from './jobs-table.ts';

/** The queue of all accounts and models, for the operator. */
export interface QueueState {
  readonly isPaused: boolean;
  readonly queued: number;
  readonly running: number;
  /** Jobs that may be queued before requests are refused. */
  readonly capacity: number;
}

type QueueContext = Pick<JobContext, 'database' | 'limits'>;

export function readQueueState(context: QueueContext): Promise<QueueState> {
  return context.database.transaction((queries) => queueState(context, queries));
}

/** Queued jobs stay queued, running ones continue. Once it resolves, no job is started any more. */
export function pauseQueue(context: QueueContext): Promise<QueueState> {
  return setPaused(context, true);
}

/** Workers take jobs again at once. */
export function resumeQueue(context: QueueContext): Promise<QueueState> {
  return setPaused(context, false);
}

function setPaused(context: QueueContext, isPaused: boolean): Promise<QueueState> {
  return context.database.transaction(async (queries) => {
    await savePaused(queries, isPaused);
    await notify(queries, QUEUE_CHANNEL);
    return queueState(context, queries);
  });
}

async function queueState({ limits }: QueueContext, queries: Queries): Promise<QueueState> {
  const rows = await queries
    .selectFrom('jobs')
    .select(({ fn }) => ['state', fn.countAll<bigint>().as('count')])
    .where('state', 'in', unfinishedStates)
    .where('draft', '=', false)
    .groupBy('state')
    .execute();
  const countOf = (wanted: string) => Number(rows.find(({ state }) => state === wanted)?.count ?? 0n);
  return {
    isPaused: await isQueuePaused(queries),
    queued: countOf('queued'),
    running: countOf('running'),
    capacity: limits.queueLength,
  };
}

/** The row of `settings`. */
const PAUSED = 'queue_paused';
/** An advisory lock: shared by those who start jobs, exclusive for those who pause. */
const PAUSE_LOCK = 0x6561_7365;

export async function isQueuePaused(queries: Queries): Promise<boolean> {
  const query = queries.selectFrom('settings').select('value').where('name', '=', PAUSED);
  return (await query.executeTakeFirst())?.value === true;
}

/** Also keeps it from changing until the transaction ends: a pause waits for jobs that are being started. */
export async function lockQueuePaused(queries: Queries): Promise<boolean> {
  await sql`select pg_advisory_xact_lock_shared(${PAUSE_LOCK})`.execute(queries);
  return isQueuePaused(queries);
}

/** Waits for transactions that hold `lockQueuePaused`. */
export async function savePaused(queries: Queries, isPaused: boolean): Promise<void> {
  await sql`select pg_advisory_xact_lock(${PAUSE_LOCK})`.execute(queries);
  const value = JSON.stringify(isPaused);
  await queries
    .insertInto('settings')
    .values({ name: PAUSED, value })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
    .execute();
}

/** The row of `settings`: when a process with a `reviewHook` was last heard of, by the database's clock. */
const REVIEWED_AT = 'pictures_reviewed_at';
/** It is written again no sooner than after this. */
const WORD_MS = 60_000;
/** How long it counts: longer than a restart of everything takes. */
const MEMORY_MS = 10 * 60_000;

/**
 * Says that this process reviews pictures. Those without a `reviewHook` then start no job: the process that runs a job reviews its pictures,
 * and they would show some that nobody has seen.
 */
export async function announceReview(queries: Queries): Promise<void> {
  if (await wasHeard(queries, WORD_MS)) return;
  const value = sql<string>`to_jsonb(clock_timestamp())`;
  await queries
    .insertInto('settings')
    .values({ name: REVIEWED_AT, value })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
    .execute();
}

/** Whether a process with a `reviewHook` was heard of lately. */
export function isReviewDemanded(queries: Queries): Promise<boolean> {
  return wasHeard(queries, MEMORY_MS);
}

async function wasHeard(queries: Queries, ms: number): Promise<boolean> {
  const isRecent = sql<boolean>`(value #>> '{}')::timestamptz > clock_timestamp() - make_interval(secs => ${ms / 1000})`;
  const query = queries.selectFrom('settings').select(isRecent.as('is_recent')).where('name', '=', REVIEWED_AT);
  return (await query.executeTakeFirst())?.is_recent === true;
}
