import type { Clock } from '../clock.ts';
import type { Transaction } from '../database/database.ts';
import type { Workers } from '../workers/workers-port.ts';
import { isEnded } from './job-state.ts';
import type { JobRecord, Jobs } from './jobs-port.ts';
import type { ModelSpeed, Settings } from './settings-port.ts';
import { amountOfWork, estimateMs } from './speed.ts';

/** A worker that has been silent for longer is taken for lost. */
export const WORKER_SILENCE_MS = 15_000;

/** Asked to come back after this when nothing is known of the model's speed. */
const USUAL_WAIT_S = 30;
const LONGEST_WAIT_S = 600;

export interface Outlook {
  /** The number of jobs before it; 0 for one that runs. */
  readonly position: number;
  /** Estimated seconds to its end; null while nothing is known of the model's speed, or when it will begin. */
  readonly etaSeconds: number | null;
  /** Whether it waits for an administrator, too. */
  readonly isPaused: boolean;
}

export interface QueueOutlookParts {
  readonly jobs: Jobs;
  readonly settings: Settings;
  readonly workers: Workers;
  readonly clock: Clock;
}

/** How long a job will still take. */
export class QueueOutlook {
  readonly #parts: QueueOutlookParts;

  constructor(parts: QueueOutlookParts) {
    this.#parts = parts;
  }

  /** @returns null for a job that has ended */
  async of(transaction: Transaction, job: JobRecord): Promise<Outlook | null> {
    if (isEnded(job)) return null;
    const { model } = job.request;
    const speed = await this.#parts.settings.speedOf(transaction, model);
    if (job.state === 'running') {
      return { position: 0, etaSeconds: speed && this.#remainingMs(job, speed) / 1000, isPaused: false };
    }
    const { virtualStart } = job;
    const ahead = await this.#parts.jobs.ahead(transaction, { jobId: job.id, model, virtualStart });
    const isPaused = await this.#parts.settings.isPaused(transaction);
    if (speed === null || isPaused) return { position: ahead.jobs, etaSeconds: null, isPaused };
    const waitMs = estimateMs(ahead, speed) + (await this.#runningMs(transaction, model, speed));
    const ownMs = estimateMs(amountOfWork(job.request), speed);
    const workers = await this.#workersOf(transaction, model);
    return { position: ahead.jobs, etaSeconds: (waitMs / workers + ownMs) / 1000, isPaused };
  }

  /** Of all jobs that wait for a model, by their ids: asked once for however many follow them. */
  async ofQueue(transaction: Transaction, model: string): Promise<ReadonlyMap<string, Outlook>> {
    const { settings, jobs } = this.#parts;
    const speed = await settings.speedOf(transaction, model);
    const isPaused = await settings.isPaused(transaction);
    const isKnown = speed !== null && !isPaused;
    const workers = isKnown ? await this.#workersOf(transaction, model) : 1;
    let waitMs = isKnown ? await this.#runningMs(transaction, model, speed) : 0;
    const queue = new Map<string, Outlook>();
    for (const { jobId, ...work } of await jobs.queue(transaction, model)) {
      const ownMs = isKnown ? estimateMs(work, speed) : 0;
      const etaSeconds = isKnown ? (waitMs / workers + ownMs) / 1000 : null;
      queue.set(jobId, { position: queue.size, etaSeconds, isPaused });
      waitMs += ownMs;
    }
    return queue;
  }

  /** Estimated seconds until one of those that wait is started. */
  async secondsToNextPlace(transaction: Transaction, model: string): Promise<number> {
    const speed = await this.#parts.settings.speedOf(transaction, model);
    const running = await this.#parts.jobs.running(transaction, model);
    if (speed === null || running.length === 0) return USUAL_WAIT_S;
    const soonestMs = Math.min(...running.map((job) => this.#remainingMs(job, speed)));
    return Math.min(LONGEST_WAIT_S, Math.max(1, Math.ceil(soonestMs / 1000)));
  }

  async #runningMs(transaction: Transaction, model: string, speed: ModelSpeed): Promise<number> {
    const running = await this.#parts.jobs.running(transaction, model);
    return running.reduce((sum, job) => sum + this.#remainingMs(job, speed), 0);
  }

  #remainingMs({ request, startedAt }: JobRecord, speed: ModelSpeed): number {
    const elapsedMs = startedAt === null ? 0 : this.#parts.clock.now().getTime() - startedAt.getTime();
    return Math.max(0, estimateMs(amountOfWork(request), speed) - elapsedMs);
  }

  async #workersOf(transaction: Transaction, model: string): Promise<number> {
    const since = new Date(this.#parts.clock.now().getTime() - WORKER_SILENCE_MS);
    const workers = await this.#parts.workers.seenSince(transaction, since);
    return Math.max(1, workers.filter(({ models }) => models.includes(model)).length);
  }
}
