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
