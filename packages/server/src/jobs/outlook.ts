import { PIXELS_PER_MEGAPIXEL, type Profile } from '@easel/contract';
import { sql } from 'kysely';
import type { Queries } from '../database/database.ts';
import { isEnded, type JobRecord } from './job.ts';
import { jobColumns, toJobRecord } from './jobs-table.ts';
import { isQueuePaused } from './queue-control.ts';
import { amountOfWork, type CurrentSpeeds, estimateMs, expectedSpeed, findSpeeds, type WorkAmount } from './speed.ts';

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
  const { model, profile } = job.request;
  const speeds = await findSpeeds(queries, model);
  const speed = expectedSpeed(speeds, profile);
  if (job.state === 'running') {
    return { position: 0, etaSeconds: speed && remainingMs(job, speeds, now) / 1000, isPaused: false };
  }
  const ahead = await workAhead(queries, job);
  const position = ahead.reduce((sum, { jobs }) => sum + jobs, 0);
  const isPaused = await isQueuePaused(queries);
  if (speed === null || isPaused) return { position, etaSeconds: null, isPaused };
  const aheadMs = ahead.reduce((sum, work) => sum + workMs(work, speeds), 0);
  const waitMs = aheadMs + (await runningMs(queries, model, speeds, now));
  const ownMs = estimateMs(amountOfWork(job.request), speed);
  return { position, etaSeconds: (waitMs / speeds.engines + ownMs) / 1000, isPaused };
}

/** Of all queued jobs of a model, by their ids: one read, however many clients follow them. */
export async function outlooksOfQueue(
  queries: Queries,
  now: Date,
  model: string,
): Promise<ReadonlyMap<string, Outlook>> {
  const speeds = await findSpeeds(queries, model);
  const isPaused = await isQueuePaused(queries);
  const isKnown = isAnyKnown(speeds) && !isPaused;
  let waitMs = isKnown ? await runningMs(queries, model, speeds, now) : 0;
  const outlooks = new Map<string, Outlook>();
  for (const { jobId, ...work } of await queuedWork(queries, model)) {
    const ownMs = isKnown ? workMs(work, speeds) : 0;
    const etaSeconds = isKnown ? (waitMs / speeds.engines + ownMs) / 1000 : null;
    outlooks.set(jobId, { position: outlooks.size, etaSeconds, isPaused });
    waitMs += ownMs;
  }
  return outlooks;
}

/** Estimated seconds until the next queued job starts. */
export async function secondsToNextStart(queries: Queries, now: Date, model: string): Promise<number> {
  const speeds = await findSpeeds(queries, model);
  const running = await runningJobs(queries, model);
  if (!isAnyKnown(speeds) || running.length === 0) return USUAL_WAIT_S;
  const soonestMs = Math.min(...running.map((job) => remainingMs(job, speeds, now)));
  return Math.min(LONGEST_WAIT_S, Math.max(1, Math.ceil(soonestMs / 1000)));
}

async function runningMs(queries: Queries, model: string, speeds: CurrentSpeeds, now: Date): Promise<number> {
  const running = await runningJobs(queries, model);
  return running.reduce((sum, job) => sum + remainingMs(job, speeds, now), 0);
}

function remainingMs({ request, startedAt }: JobRecord, speeds: CurrentSpeeds, now: Date): number {
  const elapsedMs = startedAt === null ? 0 : now.getTime() - startedAt.getTime();
  return Math.max(0, workMs({ ...amountOfWork(request), profile: request.profile }, speeds) - elapsedMs);
}

/** Work in one profile. */
type ProfileWork = WorkAmount & { readonly profile: Profile };

/** Estimated milliseconds on one engine; 0 while no speed is known. */
function workMs(work: ProfileWork, speeds: CurrentSpeeds): number {
  const speed = expectedSpeed(speeds, work.profile);
  return speed === null ? 0 : estimateMs(work, speed);
}

/** Queued jobs of the same model that start earlier, by profile: a smaller start tag, or an equal one and an older job. Drafts come last. */
async function workAhead(
  queries: Queries,
  { id, request, draft, virtualStart }: Pick<JobRecord, 'id' | 'request' | 'draft' | 'virtualStart'>,
): Promise<ProfileWork[]> {
  const pixelSteps = sql<number>`coalesce(sum(samples::float8 * steps * width * height * ${enlarging}), 0)`;
  const rows = await queries
    .selectFrom('jobs')
    .select(({ fn }) => [
      'profile',
      fn.countAll<bigint>().as('jobs'),
      pixelSteps.as('work'),
      sql<bigint>`coalesce(sum(samples), 0)`.as('images'),
    ])
    .where('model', '=', request.model)
    .where('state', '=', 'queued')
    .where(sql<boolean>`(draft, virtual_start, id) < (${draft}, ${virtualStart}, ${id}::uuid)`)
    .groupBy('profile')
    .execute();
  return rows.map(({ profile, jobs, work, images }) => ({
    profile,
    jobs: Number(jobs),
    stepMegapixels: work / PIXELS_PER_MEGAPIXEL,
    images: Number(images),
  }));
}

/** By how much enlarging them makes the work on pictures more, about as `amountOfWork` has it. */
const enlarging = sql<number>`coalesce(1 + 0.24 * ((request ->> 'upscale')::float8 ^ 2), 1)`;

/** What of a request `amountOfWork` reads besides the columns. */
const enlarged = [
  sql<2 | 4 | null>`(request ->> 'upscale')::integer`.as('upscale'),
  sql<'model' | 'network' | null>`request ->> 'upscaler'`.as('upscaler'),
  sql<number | null>`(request ->> 'strength')::float8`.as('strength'),
] as const;

/** The queued jobs of a model, in the order in which they will start. */
async function queuedWork(queries: Queries, model: string): Promise<(ProfileWork & { readonly jobId: string })[]> {
  const rows = await queries
    .selectFrom('jobs')
    .select(['id', 'samples', 'steps', 'width', 'height', 'profile'])
    .select(enlarged)
    .where('model', '=', model)
    .where('state', '=', 'queued')
    .orderBy('draft')
    .orderBy('virtual_start')
    .orderBy('id')
    .execute();
  return rows.map(({ id, profile, ...work }) => ({ jobId: id, profile, ...amountOfWork(work) }));
}

async function runningJobs(queries: Queries, model: string): Promise<JobRecord[]> {
  const query = queries.selectFrom('jobs').select(jobColumns).where('model', '=', model).where('state', '=', 'running');
  return (await query.execute()).map(toJobRecord);
}

function isAnyKnown({ each }: CurrentSpeeds): boolean {
  return each.some(({ size }) => size > 0);
}
