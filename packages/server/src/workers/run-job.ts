import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { fullText, hasCode } from '@easel/errors';
import { DomainError } from '../domain-error.ts';
import { newImageName } from '../ids.ts';
import { attemptsUsedUp, failJob, succeedJob } from '../jobs/ends-of-jobs.ts';
import type { EventBus } from '../jobs/event-bus.ts';
import { isEnded, type JobContext, type JobFailure, type JobRecord } from '../jobs/job.ts';
import { appendEvent } from '../jobs/job-events.ts';
import { findJob, markStarted, requeueJob } from '../jobs/jobs-table.ts';
import { isReviewDemanded, lockQueuePaused } from '../jobs/queue-control.ts';
import { deviceLabel, learnSpeed, lockSpeed, saveSpeed } from '../jobs/speed.ts';
import { advanceVirtualTime, earliestStart } from '../jobs/turns.ts';
import { type Painter, type Painting, PaintingFailed, type PaintOptions } from '../models/painter.ts';
import { type ReviewHook, reviewPictures } from '../models/review.ts';
import type { ImageStore } from '../pictures/image-store.ts';
import type { ImageRecord } from '../pictures/images.ts';
import { bytesOfPictures, type StorageWatch } from '../pictures/storage-watch.ts';
import { type ClaimedJob, HandBack } from '../queue/job-queue.ts';
import { AttemptTrace } from './attempt-trace.ts';
import { paintDraft, stopOverdueDraft } from './run-draft.ts';
import { StepPublisher } from './step-publisher.ts';

/**
 * How long a job is held that cannot be started, and finished pictures that cannot be stored, as while the database is away or the
 * disk is full. Far less than a run may take.
 */
const HELD_MS = 5 * 60_000;
const RETRY_MS = 1000;

/** What a worker works with, besides the context of jobs. */
export interface WorkerContext extends JobContext {
  readonly workerId: string;
  readonly bus: EventBus;
  readonly painter: Painter;
  readonly store: ImageStore;
  readonly storage: StorageWatch;
  /** null: pictures are not reviewed. */
  readonly hook: ReviewHook | null;
}

/** All but `done`: the job is queued again, and so would be the next ones. `no-review`: others review pictures, and this worker does not. */
export type RunOutcome = 'done' | 'paused' | 'no-storage' | 'no-review';

/**
 * One attempt of a job, from its claim to its end. Resolves when nothing is left to do: the job has ended, whoever ended it, or it
 * is queued again.
 *
 * @throws the error of an attempt that should be retried
 */
export async function runJob(context: WorkerContext, claimed: ClaimedJob): Promise<RunOutcome> {
  const stopped = new AbortController();
  // Before the job is marked as running, so that no cancellation after that is missed.
  using _watch = context.bus.onCancel(claimed.jobId, () => stopped.abort());
  const signal = AbortSignal.any([claimed.signal, stopped.signal]);
  const job = await startPatiently(context, claimed, signal);
  if (typeof job === 'string') return job;
  using _limit = stopOverdueDraft(context.drafts, job, stopped);
  const trace = new AttemptTrace(context.tracer, job, context.workerId);
  try {
    const painting = await paint(context, job, trace, signal);
    await trace.step('review', () => reviewPictures(context.hook, job, painting, { signal }));
    await finish(context, job, painting, trace, signal);
    trace.end();
    return 'done';
  } catch (error) {
    trace.end(error);
    if (signal.reason instanceof DomainError) return endAttempt(context, claimed, job, signal.reason);
    if (signal.aborted) {
      // Whoever cancelled the run has ended the job; a worker that stops hands it back.
      if (claimed.signal.reason instanceof HandBack) await handBack(context, claimed, job, 'the worker is stopping');
      return 'done';
    }
    if (hasCode(error, 'storage_unavailable')) {
      await handBack(context, claimed, job, fullText(error));
      return 'no-storage';
    }
    return endAttempt(context, claimed, job, error);
  }
}

/** What keeps a job from being started is not the job's fault, so it does not count as an attempt. */
async function startPatiently(
  context: WorkerContext,
  claimed: ClaimedJob,
  signal: AbortSignal,
): Promise<JobRecord | RunOutcome> {
  for (const began = performance.now(); ; ) {
    try {
      return await start(context, claimed);
    } catch (error) {
      if (signal.aborted || performance.now() - began > HELD_MS) throw error;
      await sleep(RETRY_MS, undefined, { signal }).catch(() => {});
    }
  }
}

async function start(context: WorkerContext, claimed: ClaimedJob): Promise<JobRecord | RunOutcome> {
  const { workerId, database, storage, clock, jobLog, hook } = context;
  const { jobId } = claimed;
  const queued = await database.transaction((queries) => findJob(queries, jobId));
  if (queued === null || isEnded(queued)) return 'done';
  if (!queued.draft && (await storage.check({ bytes: bytesOfPictures(queued.request) })) !== null) {
    await database.transaction((queries) => claimed.handBack(queries));
    return 'no-storage';
  }
  const started = await database.transaction(async (queries) => {
    if (await lockQueuePaused(queries)) {
      await claimed.handBack(queries);
      return 'paused';
    }
    if (hook === null && (await isReviewDemanded(queries))) {
      await claimed.handBack(queries);
      return 'no-review';
    }
    const now = clock.now();
    const job = await markStarted(queries, { jobId, workerId, now });
    if (job === null) return 'done';
    if (!job.draft) await advanceVirtualTime(queries, await earliestStart(queries, job));
    await appendEvent(queries, { jobId, accountId: job.accountId }, { kind: 'started', startedAt: now });
    return job;
  });
  if (typeof started !== 'string' && !started.draft) {
    const { attempt, request, queueMs } = started;
    jobLog('info', 'job started', started, { workerId, attempt, model: request.model, queueMs });
  }
  return started;
}

async function paint(
  context: WorkerContext,
  job: JobRecord,
  trace: AttemptTrace,
  signal: AbortSignal,
): Promise<Painting> {
  const { bus, painter, startImages, jobLog, hook } = context;
  if (job.draft) {
    const began = new Date();
    const painting = await paintDraft(context, job, { signal, onStep: () => trace.stepDone() });
    trace.painted(began, painting);
    return painting;
  }
  const start = await startImages.of(job);
  const steps = new StepPublisher(bus, job.id, (err) => jobLog('warn', 'a step could not be published', job, { err }));
  try {
    const began = new Date();
    const onStep: PaintOptions['onStep'] = (step) => {
      trace.stepDone();
      steps.offer(step);
    };
    // Nobody sees a finished picture before the operator's own check has.
    const onSample = hook === null ? { onSample: steps.offerSample } : {};
    const painting = await painter.paint(job.request, { signal, start, onStep, ...onSample });
    trace.painted(began, painting);
    await steps.finish();
    return painting;
  } catch (error) {
    await steps.drop();
    throw error;
  }
}

/**
 * Stores the pictures, then ends the job, so a succeeded job has its pictures. If this process dies in between, they are files
 * without a record, which the janitor deletes.
 *
 * @throws CodedError `storage_unavailable` after some minutes; the signal's reason
 */
async function finish(
  context: WorkerContext,
  job: JobRecord,
  painting: Painting,
  trace: AttemptTrace,
  signal: AbortSignal,
): Promise<void> {
  const images = recordsOf(context, job, painting);
  await trace.step('store pictures', () => storePatiently(context, images, painting, signal));
  const { model, device } = painting;
  if (!(await trace.step('charge', () => succeedJob(context, job, { model, device, images })))) {
    for (const { name, format } of images) await context.store.remove(name, format);
  }
  // What it took to enlarge a picture, in tiles of a size of their own, says little of others; nor does a draft, of which no file is made.
  if (job.request.upscale || job.draft) return;
  await context.database.transaction(async (queries) => {
    const key = { model: job.request.model, profile: painting.profile, device: deviceLabel(painting.device) };
    await saveSpeed(queries, key, learnSpeed(await lockSpeed(queries, key), painting, job.request));
  });
}

function recordsOf({ clock, retention }: WorkerContext, job: JobRecord, { images }: Painting): ImageRecord[] {
  const createdAt = clock.now();
  const keptMs = job.store ? retention.imagesMs : retention.undeliveredMs;
  return images.map(({ bytes, seed, width, height }, index) => ({
    name: newImageName(),
    jobId: job.id,
    index,
    format: job.request.format,
    width,
    height,
    bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest(),
    seed,
    createdAt,
    expiresAt: new Date(createdAt.getTime() + keptMs),
  }));
}

async function storePatiently(
  { store, storage }: WorkerContext,
  images: readonly ImageRecord[],
  painting: Painting,
  signal: AbortSignal,
): Promise<void> {
  for (const began = performance.now(); ; await sleep(RETRY_MS, undefined, { signal })) {
    try {
      for (const [index, { bytes }] of painting.images.entries()) {
        const { name, format } = images[index] ?? missing(index);
        await store.put(name, format, bytes);
      }
      return;
    } catch (error) {
      if (!hasCode(error, 'storage_unavailable')) throw error;
      storage.note(error);
      if (performance.now() - began > HELD_MS) throw error;
    }
  }
}

async function handBack(context: WorkerContext, claimed: ClaimedJob, job: JobRecord, reason: string): Promise<void> {
  const isBack = await context.database.transaction(async (queries) => {
    if (!(await requeueJob(queries, job))) return false;
    await claimed.handBack(queries);
    return true;
  });
  if (isBack) context.jobLog('info', 'job put back into the queue', job, { attempt: job.attempt, reason });
}

/** Ends a failed attempt: the job fails, or is queued again. @throws the error, for a retry */
async function endAttempt(
  context: WorkerContext,
  claimed: ClaimedJob,
  job: JobRecord,
  error: unknown,
): Promise<RunOutcome> {
  const { id: jobId, attempt } = job;
  const failure = finalFailure(error) ?? (claimed.isLastAttempt ? attemptsUsedUp : null);
  if (failure !== null) {
    await failJob(context, { jobId, attempt }, failure, error);
    return 'done';
  }
  context.jobLog('warn', 'job attempt failed; retrying', job, { attempt, err: error });
  await context.database.transaction((queries) => requeueJob(queries, job));
  throw error;
}

/** The failure of the job, or null when a retry may succeed. */
function finalFailure(error: unknown): JobFailure | null {
  if (!(error instanceof DomainError)) return null;
  if (error instanceof PaintingFailed && error.isWorthRetrying) return null;
  return { code: error.code, message: fullText(error), param: error.param ?? null };
}

function missing(index: number): never {
  throw new RangeError(`there is no record of picture ${index}`);
}
