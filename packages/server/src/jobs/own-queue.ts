import type { JobStatus } from '@easel/contract';
import type { Queries } from '../database/database.ts';
import { DomainError } from '../domain-error.ts';
import { cancelJob } from './ends-of-jobs.ts';
import { type JobContext, requireJob } from './job.ts';
import { announceQueued } from './job-events.ts';
import { findJob, unfinishedStates } from './jobs-table.ts';
import { lockQueuedJobs, lockTurns, type QueuedJob, writeTurns } from './turns.ts';

/** Where a queued job goes among the account's own: before another one, or to an end. */
export type Place = 'first' | 'last' | { readonly before: string };

/** Followers of so many moved jobs learn of it at once; those of others within two seconds. */
const ANNOUNCED = 50;

/**
 * Moves a queued job of an account among its own queued jobs of the same model. They exchange the start tags that the account has, so no other
 * account's job starts earlier or later (see `turns.ts`).
 *
 * @returns the queued jobs of the model, in the order in which they are going to start
 * @throws DomainError `not_found`, or `conflict` where one of the two jobs is not queued any more
 */
export function moveJob(
  { database, queue }: Pick<JobContext, 'database' | 'queue'>,
  accountId: string,
  jobId: string,
  place: Place,
): Promise<readonly string[]> {
  return database.transaction(async (queries) => {
    // Submissions take places, too.
    await lockTurns(queries, [accountId]);
    const { request } = requireJob(await findJob(queries, jobId), accountId, jobId);
    // A worker that is starting one of them is either before this lock, and the job is not among them, or after it.
    const queued = await lockQueuedJobs(queries, accountId, request.model);
    await requireQueued(queries, accountId, queued, jobId);
    if (typeof place === 'object') await requireQueued(queries, accountId, queued, place.before);
    const moved = moveTo(queued, jobId, place);
    await writeTurns(queries, queue, moved.changed);
    const announced = moved.changed.slice(0, ANNOUNCED);
    await announceQueued(
      queries,
      announced.map((job) => ({ jobId: job.jobId, accountId })),
    );
    return moved.order;
  });
}

async function requireQueued(
  queries: Queries,
  accountId: string,
  queued: readonly QueuedJob[],
  jobId: string,
): Promise<void> {
  if (queued.some((job) => job.jobId === jobId)) return;
  const { state, draft } = requireJob(await findJob(queries, jobId), accountId, jobId);
  if (draft) throw new DomainError('conflict', `job ${jobId} is a draft, which has no place`);
  const message =
    state === 'queued' ? `job ${jobId} is of another model` : `job ${jobId} is not queued any more (it is ${state})`;
  throw new DomainError('conflict', message, { remedy: 'only queued jobs of one model change places' });
}

/**
 * The new order, and the jobs whose start tag or priority changes with it. The priority of the moved job becomes one that fits where it is: a
 * later job of a priority in between would overtake all of them otherwise.
 *
 * @param queued in the order in which they would start; `jobId` is among them
 */
export function moveTo(
  queued: readonly QueuedJob[],
  jobId: string,
  place: Place,
): { readonly order: readonly string[]; readonly changed: readonly QueuedJob[] } {
  const others = queued.filter((job) => job.jobId !== jobId);
  const at = indexOf(others, jobId, queued, place);
  const [before, after] = [others[at - 1], others[at]];
  const inOrder = queued
    .filter((job) => job.jobId === jobId)
    .map((job) => ({ ...job, priority: between(job.priority, after?.priority, before?.priority) }));
  const order = [...others.slice(0, at), ...inOrder, ...others.slice(at)];
  const formerOf = new Map(queued.map((job) => [job.jobId, job]));
  const changed = order.flatMap((job, index) => {
    const virtualStart = queued[index]?.virtualStart ?? job.virtualStart;
    const former = formerOf.get(job.jobId);
    const isSame = former?.virtualStart === virtualStart && former.priority === job.priority;
    return isSame ? [] : [{ ...job, virtualStart }];
  });
  return { order: order.map((job) => job.jobId), changed };
}

/** The nearest to a priority between two others, where there are any. */
function between(priority: number, least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY): number {
  return Math.min(most, Math.max(least, priority));
}

function indexOf(others: readonly QueuedJob[], jobId: string, queued: readonly QueuedJob[], place: Place): number {
  if (place === 'first') return 0;
  if (place === 'last') return others.length;
  // Before itself: it stays.
  if (place.before === jobId) return queued.findIndex((job) => job.jobId === jobId);
  return others.findIndex((job) => job.jobId === place.before);
}

/**
 * Cancels the unfinished jobs that an account has now: those that would start last first, so that none starts because another one ends.
 *
 * @param state only those that are queued, or running
 * @returns how many
 */
export async function cancelUnfinishedJobs(
  context: JobContext,
  accountId: string,
  state?: Extract<JobStatus, 'queued' | 'running'>,
): Promise<number> {
  const jobs = await context.database.transaction((queries) =>
    queries
      .selectFrom('jobs')
      .select('id')
      .where('account_id', '=', accountId)
      .where('state', 'in', state === undefined ? unfinishedStates : [state])
      .where('draft', '=', false)
      // Queued before running.
      .orderBy('state')
      .orderBy('virtual_start', 'desc')
      .execute(),
  );
  let cancelled = 0;
  for (const { id } of jobs) {
    // One whose record was deleted meanwhile has ended.
    const job = await cancelJob(context, accountId, id).catch(unlessGone);
    if (job?.state === 'cancelled') cancelled += 1;
  }
  return cancelled;
}

function unlessGone(error: unknown): null {
  if (error instanceof DomainError && error.code === 'not_found') return null;
  throw error;
}
