import { DomainError } from './domain-error.ts';
import { type FailJob, givenUp } from './fail-job.ts';
import type { FinishJob } from './finish-job.ts';
import type { Clock } from './ports/clock.ts';
import type { Database } from './ports/database.ts';
import type { EventBus, Events } from './ports/events.ts';
import { type ClaimedJob, HandBack } from './ports/job-queue.ts';
import type { Attempt, JobFailure, JobRecord, Jobs } from './ports/jobs.ts';
import { type Painter, type Painting, PaintingFailed } from './ports/painter.ts';
import type { Turns } from './ports/turns.ts';
import type { ReviewPictures } from './review-pictures.ts';
import type { StartPictures } from './start-pictures.ts';
import { StepPublisher } from './step-publisher.ts';

export interface RunJobParts {
  readonly workerId: string;
  readonly database: Database;
  readonly jobs: Jobs;
  readonly events: Events;
  readonly bus: EventBus;
  readonly turns: Turns;
  readonly painter: Painter;
  readonly startPictures: StartPictures;
  readonly review: ReviewPictures;
  readonly finishJob: FinishJob;
  readonly failJob: FailJob;
  readonly clock: Clock;
  /** Told of what goes wrong without ending the job, and of why an attempt failed. */
  readonly report: (error: unknown, jobId: string) => void;
}

/** The worker's side of a job: an attempt from its claim to its end. */
export class RunJob {
  readonly #parts: RunJobParts;

  constructor(parts: RunJobParts) {
    this.#parts = parts;
  }

  /**
   * Resolves when nothing is left to do: the job has ended, whoever ended it, or another worker will do it.
   *
   * @throws what an attempt failed with, when another one may do better
   */
  async run(claimed: ClaimedJob): Promise<void> {
    const cancelled = new AbortController();
    // Before the job is marked as running: a cancel after that finds somebody who listens.
    using _watch = this.#parts.bus.onCancel(claimed.jobId, () => cancelled.abort());
    const job = await this.#start(claimed.jobId);
    if (job === null) return;
    const signal = AbortSignal.any([claimed.signal, cancelled.signal]);
    try {
      const painting = await this.#paint(job, signal);
      await this.#parts.review.review(job, painting, signal);
      await this.#parts.finishJob.finish(job, painting);
    } catch (error) {
      if (signal.aborted) await this.#letGo(claimed, job);
      else await this.#fail(claimed, job, error);
    }
  }

  #start(jobId: string): Promise<JobRecord | null> {
    const { workerId, database, jobs, events, turns, clock } = this.#parts;
    return database.transaction(async (transaction) => {
      const now = clock.now();
      const job = await jobs.start(transaction, { jobId, workerId, now });
      if (job === null) return null;
      await turns.advanceVirtualTime(transaction, job.virtualStart);
      await events.append(transaction, jobId, { kind: 'started', startedAt: now });
      return job;
    });
  }

  async #paint(job: JobRecord, signal: AbortSignal): Promise<Painting> {
    const { bus, painter, startPictures, report } = this.#parts;
    const image = await startPictures.of(job);
    const steps = new StepPublisher(bus, job.id, (error) => report(error, job.id));
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
  async #letGo(claimed: ClaimedJob, job: JobRecord): Promise<void> {
    if (!(claimed.signal.reason instanceof HandBack)) return;
    const { database, jobs } = this.#parts;
    await database.transaction(async (transaction) => {
      if (await jobs.requeue(transaction, attemptOf(job))) await claimed.handBack(transaction);
    });
  }

  async #fail(claimed: ClaimedJob, job: JobRecord, error: unknown): Promise<void> {
    const { database, jobs, failJob, report } = this.#parts;
    report(error, job.id);
    const failure = finalFailure(error) ?? (claimed.isLastAttempt ? givenUp : null);
    if (failure !== null) {
      await failJob.fail({ ...attemptOf(job), failure });
      return;
    }
    await database.transaction((transaction) => jobs.requeue(transaction, attemptOf(job)));
    throw error;
  }
}

function attemptOf({ id, attempt }: JobRecord): Attempt {
  return { jobId: id, attempt };
}

/** What the job fails with for good, or null when another attempt may do better. */
function finalFailure(error: unknown): JobFailure | null {
  if (!(error instanceof DomainError)) return null;
  if (error instanceof PaintingFailed && error.isWorthRetrying) return null;
  return { code: error.code, message: error.message, param: error.param ?? null };
}
