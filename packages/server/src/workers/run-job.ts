import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../clock.ts';
import { DatabaseAway } from '../database/away.ts';
import type { Database } from '../database/database.ts';
import { DomainError } from '../domain-error.ts';
import type { EventBus, Events } from '../jobs/events-port.ts';
import { type FailJob, givenUp } from '../jobs/fail-job.ts';
import type { FinishJob } from '../jobs/finish-job.ts';
import type { JobLog } from '../jobs/job-log-port.ts';
import { isEnded } from '../jobs/job-state.ts';
import type { Attempt, JobFailure, JobRecord, Jobs } from '../jobs/jobs-port.ts';
import type { Settings } from '../jobs/settings-port.ts';
import type { Turns } from '../jobs/turns-port.ts';
import { type Painter, type Painting, PaintingFailed } from '../models/painter.ts';
import { type ReviewHook, reviewPictures } from '../models/review.ts';
import { StorageUnavailable } from '../pictures/image-store.ts';
import type { StartPictures } from '../pictures/start-pictures.ts';
import { bytesOfPictures, type StorageWatch } from '../pictures/storage-watch.ts';
import { type ClaimedJob, HandBack } from '../queue/job-queue.ts';
import { StepPublisher } from './step-publisher.ts';

/** How long a job is held that cannot be started, as while the database is away or its disk is full; far less than a run may take. */
const HELD_MS = 5 * 60_000;
const START_AGAIN_MS = 1000;

export interface RunJobParts {
  readonly workerId: string;
  readonly database: Database;
  readonly jobs: Jobs;
  readonly events: Events;
  readonly bus: EventBus;
  readonly turns: Turns;
  readonly settings: Settings;
  readonly painter: Painter;
  readonly startPictures: StartPictures;
  readonly storage: StorageWatch;
  /** null: pictures are not reviewed. */
  readonly hook: ReviewHook | null;
  readonly finishJob: FinishJob;
  readonly failJob: FailJob;
  readonly clock: Clock;
  readonly jobLog: JobLog;
}

/** `paused`, `no-storage`: the job waits on, and so would the next ones. */
export type RunOutcome = 'done' | 'paused' | 'no-storage';

/** The worker's side of a job: an attempt from its claim to its end. */
export class RunJob {
  readonly #parts: RunJobParts;

  constructor(parts: RunJobParts) {
    this.#parts = parts;
  }

  /**
   * Resolves when nothing is left to do: the job has ended, whoever ended it, or it waits for this or another worker.
   *
   * @throws what an attempt failed with, when another one may do better
   */
  async run(claimed: ClaimedJob): Promise<RunOutcome> {
    const cancelled = new AbortController();
    // Before the job is marked as running: a cancel after that finds somebody who listens.
    using _watch = this.#parts.bus.onCancel(claimed.jobId, () => cancelled.abort());
    const signal = AbortSignal.any([claimed.signal, cancelled.signal]);
    const job = await this.#startPatiently(claimed, signal);
    if (typeof job === 'string') return job;
    try {
      const painting = await this.#paint(job, signal);
      await reviewPictures(this.#parts.hook, job, painting, signal);
      await this.#parts.finishJob.finish(job, painting, signal);
      return 'done';
    } catch (error) {
      if (signal.aborted) return this.#letGo(claimed, job);
      if (error instanceof StorageUnavailable) return this.#waitForStorage(claimed, job, error);
      return this.#fail(claimed, job, error);
    }
  }

  /** What keeps a job from being started is not the job's fault, so it does not use up an attempt. */
  async #startPatiently(claimed: ClaimedJob, signal: AbortSignal): Promise<JobRecord | RunOutcome> {
    for (const began = performance.now(); ; ) {
      try {
        return await this.#start(claimed);
      } catch (error) {
        if (signal.aborted || performance.now() - began > HELD_MS) throw error;
        await sleep(START_AGAIN_MS, undefined, { signal }).catch(() => {});
      }
    }
  }

  async #start(claimed: ClaimedJob): Promise<JobRecord | RunOutcome> {
    const { workerId, database, jobs, events, turns, settings, storage, clock, jobLog } = this.#parts;
    const { jobId } = claimed;
    const waiting = await database.transaction((transaction) => jobs.find(transaction, jobId));
    if (waiting === null || isEnded(waiting)) return 'done';
    if ((await storage.check({ bytes: bytesOfPictures(waiting.request) })) !== null) {
      await database.transaction((transaction) => claimed.handBack(transaction));
      return 'no-storage';
    }
    const started = await database.transaction(async (transaction) => {
      if (await settings.holdPaused(transaction)) {
        await claimed.handBack(transaction);
        return 'paused';
      }
      const now = clock.now();
      const job = await jobs.start(transaction, { jobId, workerId, now });
      if (job === null) return 'done';
      await turns.advanceVirtualTime(transaction, job.virtualStart);
      await events.append(transaction, jobId, { kind: 'started', startedAt: now });
      return job;
    });
    if (typeof started !== 'string') {
      const { attempt, request, queueMs } = started;
      jobLog('info', 'job started', started, { workerId, attempt, model: request.model, queueMs });
    }
    return started;
  }

  async #paint(job: JobRecord, signal: AbortSignal): Promise<Painting> {
    const { bus, painter, startPictures, jobLog } = this.#parts;
    const image = await startPictures.of(job);
    const steps = new StepPublisher(bus, job.id, (err) =>
      jobLog('warn', 'a step could not be published', job, { err }),
    );
    try {
      const painting = await painter.paint(job.request, { signal, image, onStep: steps.offer });
      await steps.finish();
      return painting;
    } catch (error) {
      await steps.drop();
      throw error;
    }
  }

  /** Whoever aborted the run has seen to the job, except a worker that ends: its job goes to another one. */
  async #letGo(claimed: ClaimedJob, job: JobRecord): Promise<RunOutcome> {
    if (claimed.signal.reason instanceof HandBack) await this.#handBack(claimed, job, 'the worker stops');
    return 'done';
  }

  async #waitForStorage(claimed: ClaimedJob, job: JobRecord, { message }: StorageUnavailable): Promise<RunOutcome> {
    await this.#handBack(claimed, job, message);
    return 'no-storage';
  }

  async #handBack(claimed: ClaimedJob, job: JobRecord, reason: string): Promise<void> {
    const { database, jobs, jobLog } = this.#parts;
    const isBack = await database.transaction(async (transaction) => {
      if (!(await jobs.requeue(transaction, attemptOf(job)))) return false;
      await claimed.handBack(transaction);
      return true;
    });
    if (isBack) jobLog('info', 'job put back into the queue', job, { attempt: job.attempt, reason });
  }

  async #fail(claimed: ClaimedJob, job: JobRecord, error: unknown): Promise<RunOutcome> {
    const { database, jobs, failJob, jobLog } = this.#parts;
    const failure = finalFailure(error) ?? (claimed.isLastAttempt ? givenUp : null);
    if (failure !== null) {
      await failJob.fail({ ...attemptOf(job), failure, error });
      return 'done';
    }
    jobLog('warn', 'job attempt failed; retrying', job, { attempt: job.attempt, err: error });
    await database.transaction((transaction) => jobs.requeue(transaction, attemptOf(job)));
    throw error;
  }
}

function attemptOf({ id, attempt }: JobRecord): Attempt {
  return { jobId: id, attempt };
}

/** What the job fails with for good, or null when another attempt may do better. */
function finalFailure(error: unknown): JobFailure | null {
  if (!(error instanceof DomainError) || error instanceof DatabaseAway) return null;
  if (error instanceof PaintingFailed && error.isWorthRetrying) return null;
  return { code: error.code, message: error.message, param: error.param ?? null };
}
