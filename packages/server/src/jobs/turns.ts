import { sql } from 'kysely';
import type { Queries } from '../database/database.ts';
import type { JobQueue } from '../queue/job-queue.ts';
import type { NewJob } from './job.ts';

// Start-time fair queueing (Goyal, Vin, Cheng 1996): every job has a start tag in virtual time, and jobs start in its order.

/** The row of `settings` with the virtual time: the largest start tag of a started job. */
const VIRTUAL_TIME = 'virtual_time';

/** An account's state in fair queueing, and its limits. */
export interface AccountTurn {
  /** The virtual time at which its last job ends. */
  readonly virtualFinish: bigint;
  /** Jobs that may run at the same time; null: the server's default. */
  readonly maxConcurrent: number | null;
  /** Jobs that may be queued; null: the server's default. */
  readonly maxQueued: number | null;
}

/** A queued job's position in fair queueing. */
export interface QueuedJob {
  readonly jobId: string;
  readonly model: string;
  readonly priority: number;
  readonly virtualStart: bigint;
}

/**
 * §2, equation 4, with every job of the same length: a job starts at the virtual time of its submission or when the account's last
 * job ends, whichever is later. So the first job of one account does not wait for a thousand of another.
 */
export function nextTurn(
  virtualTime: bigint,
  virtualFinish: bigint,
): { readonly start: bigint; readonly finish: bigint } {
  const start = virtualTime > virtualFinish ? virtualTime : virtualFinish;
  return { start, finish: start + 1n };
}

export interface Reordered {
  /** Of the new job. */
  readonly virtualStart: bigint;
  /** The jobs that it overtakes. */
  readonly moved: readonly { readonly jobId: string; readonly virtualStart: bigint }[];
}

/**
 * Lets a new job overtake the account's own queued jobs of a lower priority: they exchange the start tags that the account has, so
 * no other account's job starts earlier or later.
 *
 * @param queued the account's queued jobs, in the order in which they will start
 */
export function overtake(
  job: { readonly priority: number; readonly virtualStart: bigint },
  queued: readonly QueuedJob[],
): Reordered {
  const first = queued.findIndex(({ priority }) => priority < job.priority);
  if (first < 0) return { virtualStart: job.virtualStart, moved: [] };
  const overtaken = queued.slice(first);
  const turns = [...overtaken.map(({ virtualStart }) => virtualStart), job.virtualStart];
  const [virtualStart = job.virtualStart, ...later] = turns;
  return {
    virtualStart,
    moved: overtaken.map(({ jobId, virtualStart: own }, index) => ({ jobId, virtualStart: later[index] ?? own })),
  };
}

/**
 * Gives a new job its start tag, and moves the jobs that it overtakes.
 *
 * @param account the account's turn, locked
 * @param queued the account's queued jobs of the model, locked
 * @returns the job's start tag
 */
export async function takeTurn(
  queries: Queries,
  queue: JobQueue,
  job: Pick<NewJob, 'accountId' | 'priority' | 'request'>,
  { account, queued }: { readonly account: AccountTurn; readonly queued: readonly QueuedJob[] },
): Promise<bigint> {
  const { accountId, priority, request } = job;
  const turn = nextTurn(await findVirtualTime(queries), account.virtualFinish);
  const change = { virtual_finish: turn.finish };
  await queries.updateTable('accounts').set(change).where('id', '=', accountId).execute();
  const { virtualStart, moved } = overtake({ priority, virtualStart: turn.start }, queued);
  for (const { jobId, virtualStart: later } of moved) {
    await queries.updateTable('jobs').set({ virtual_start: later }).where('id', '=', jobId).execute();
    await queue.setPriority(queries, request.model, jobId, queuePriority(later));
  }
  return virtualStart;
}

/** The queue takes larger priorities first, and the smallest start tag is to be first. */
export function queuePriority(virtualStart: bigint): number {
  return Number(-virtualStart);
}

/**
 * Locks the account's turn until the transaction ends, so the account's jobs are submitted one after another.
 *
 * @returns null when there is no such account
 */
export async function lockTurn(queries: Queries, accountId: string): Promise<AccountTurn | null> {
  const row = await queries
    .selectFrom('accounts')
    .select(['virtual_finish', 'max_concurrent', 'max_queued'])
    .where('id', '=', accountId)
    // Not the strongest lock: others may still write rows that refer to the account, and may hold what this waits for.
    .forNoKeyUpdate()
    .executeTakeFirst();
  if (row === undefined) return null;
  return { virtualFinish: row.virtual_finish, maxConcurrent: row.max_concurrent, maxQueued: row.max_queued };
}

/** The queued jobs of one account and model, in the order in which they will start; locks them. */
export async function lockQueuedJobs(queries: Queries, accountId: string, model: string): Promise<QueuedJob[]> {
  const rows = await queries
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
}

async function findVirtualTime(queries: Queries): Promise<bigint> {
  const row = await queries
    .selectFrom('settings')
    .select(sql<bigint>`(value #>> '{}')::bigint`.as('time'))
    .where('name', '=', VIRTUAL_TIME)
    .executeTakeFirst();
  return row?.time ?? 0n;
}

/** A job with this start tag is started. Virtual time never goes back. */
export async function advanceVirtualTime(queries: Queries, virtualStart: bigint): Promise<void> {
  const later = sql<string>`to_jsonb(greatest((settings.value #>> '{}')::bigint, ${virtualStart}::bigint))`;
  await queries
    .insertInto('settings')
    .values({ name: VIRTUAL_TIME, value: virtualStart.toString() })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value: later }))
    .execute();
}
