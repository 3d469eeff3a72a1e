import { PIXELS_PER_MEGAPIXEL } from '@easel/contract';
import { sql } from 'kysely';
import type { Queries } from '../database/database.ts';
import { isEnded, type JobRecord } from './job.ts';
import { jobColumns, toJobRecord } from './jobs-table.ts';
import { isQueuePaused } from './queue-control.ts';
import { amountOfWork, estimateMs, findSpeed, type ModelSpeed, type WorkAmount } from './speed.ts';

/** A worker without a heartbeat for longer counts as lost. */
export const WORKER_SILENCE_MS = 15_000;

/** `Retry-After` while the model's speed is unknown. */
const USUAL_WAIT_S = 30;
const LONGEST_WAIT_S = 600;

/** How long a job will still take. */
export interface Outlook {
  /** The number of jobs before it; 0 for a running one. */
  readonly position: number;
  /** Estimated seconds to its end; null while the model's speed is unknown, or the queue is paused. */
  readonly etaSeconds: number | null;
  /** Whether it is queued in a paused queue. */
  readonly isPaused: boolean;
}

/** @returns null for a job that has ended */
export async function outlookOfJob(queries: Queries, now: Date, job: JobRecord): Promise<Outlook | null> {
  if (isEnded(job)) return null;
  const { model } = job.request;
  const speed = await findSpeed(queries, model);
  if (job.state === 'running') {
    return { position: 0, etaSeconds: speed && remainingMs(job, speed, now) / 1000, isPaused: false };
  }
  const ahead = await amountAhead(queries, job);
  const isPaused = await isQueuePaused(queries);
  if (speed === null || isPaused) return { position: ahead.jobs, etaSeconds: null, isPaused };
  const waitMs = estimateMs(ahead, speed) + (await runningMs(queries, model, speed, now));
  const ownMs = estimateMs(amountOfWork(job.request), speed);
  const workers = await countWorkers(queries, model, now);
  return { position: ahead.jobs, etaSeconds: (waitMs / workers + ownMs) / 1000, isPaused };
}

/** Of all queued jobs of a model, by their ids: one read, however many clients follow them. */
export async function outlooksOfQueue(
  queries: Queries,
  now: Date,
  model: string,
): Promise<ReadonlyMap<string, Outlook>> {
  const speed = await findSpeed(queries, model);
  const isPaused = await isQueuePaused(queries);
  const isKnown = speed !== null && !isPaused;
  const workers = isKnown ? await countWorkers(queries, model, now) : 1;
  let waitMs = isKnown ? await runningMs(queries, model, speed, now) : 0;
  const outlooks = new Map<string, Outlook>();
  for (const { jobId, ...work } of await queuedWork(queries, model)) {
    const ownMs = isKnown ? estimateMs(work, speed) : 0;
    const etaSeconds = isKnown ? (waitMs / workers + ownMs) / 1000 : null;
    outlooks.set(jobId, { position: outlooks.size, etaSeconds, isPaused });
    waitMs += ownMs;
  }
  return outlooks;
}

/** Estimated seconds until the next queued job starts. */
export async function secondsToNextStart(queries: Queries, now: Date, model: string): Promise<number> {
  const speed = await findSpeed(queries, model);
  const running = await runningJobs(queries, model);
  if (speed === null || running.length === 0) return USUAL_WAIT_S;
  const soonestMs = Math.min(...running.map((job) => remainingMs(job, speed, now)));
  return Math.min(LONGEST_WAIT_S, Math.max(1, Math.ceil(soonestMs / 1000)));
}

async function runningMs(queries: Queries, model: string, speed: ModelSpeed, now: Date): Promise<number> {
  const running = await runningJobs(queries, model);
  return running.reduce((sum, job) => sum + remainingMs(job, speed, now), 0);
}

function remainingMs({ request, startedAt }: JobRecord, speed: ModelSpeed, now: Date): number {
  const elapsedMs = startedAt === null ? 0 : now.getTime() - startedAt.getTime();
  return Math.max(0, estimateMs(amountOfWork(request), speed) - elapsedMs);
}

/** Queued jobs of the same model that start earlier: a smaller start tag, or an equal one and an older job. */
async function amountAhead(
  queries: Queries,
  { id, request, virtualStart }: Pick<JobRecord, 'id' | 'request' | 'virtualStart'>,
): Promise<WorkAmount> {
  const pixelSteps = sql<number>`coalesce(sum(samples::float8 * steps * width * height), 0)`;
  const { jobs, work, images } = await queries
    .selectFrom('jobs')
    .select(({ fn }) => [
      fn.countAll<bigint>().as('jobs'),
      pixelSteps.as('work'),
      sql<bigint>`coalesce(sum(samples), 0)`.as('images'),
    ])
    .where('model', '=', request.model)
    .where('state', '=', 'queued')
    .where(sql<boolean>`(virtual_start, id) < (${virtualStart}, ${id}::uuid)`)
    .executeTakeFirstOrThrow();
  return { jobs: Number(jobs), stepMegapixels: work / PIXELS_PER_MEGAPIXEL, images: Number(images) };
}

/** The queued jobs of a model, in the order in which they will start. */
async function queuedWork(queries: Queries, model: string): Promise<(WorkAmount & { readonly jobId: string })[]> {
  const rows = await queries
    .selectFrom('jobs')
    .select(['id', 'samples', 'steps', 'width', 'height'])
    .where('model', '=', model)
    .where('state', '=', 'queued')
    .orderBy('virtual_start')
    .orderBy('id')
    .execute();
  return rows.map(({ id, ...work }) => ({ jobId: id, ...amountOfWork(work) }));
}

async function runningJobs(queries: Queries, model: string): Promise<JobRecord[]> {
  const query = queries.selectFrom('jobs').select(jobColumns).where('model', '=', model).where('state', '=', 'running');
  return (await query.execute()).map(toJobRecord);
}

/** Live workers that have the model; at least 1. */
async function countWorkers(queries: Queries, model: string, now: Date): Promise<number> {
  const { count } = await queries
    .selectFrom('workers')
    .select(({ fn }) => fn.countAll<bigint>().as('count'))
    .where('seen_at', '>=', new Date(now.getTime() - WORKER_SILENCE_MS))
    .where(sql<boolean>`${model} = any(models)`)
    .executeTakeFirstOrThrow();
  return Math.max(1, Number(count));
}
