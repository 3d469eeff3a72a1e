import type { FailJob } from './fail-job.ts';
import type { Clock } from './ports/clock.ts';
import type { Database, Transaction } from './ports/database.ts';
import type { Events } from './ports/events.ts';
import type { Idempotency } from './ports/idempotency.ts';
import type { ImageStore } from './ports/image-store.ts';
import type { ImageRecord, JobImages } from './ports/job-images.ts';
import type { JobQueue } from './ports/job-queue.ts';
import type { Jobs } from './ports/jobs.ts';
import type { RateLimits } from './ports/rate-limits.ts';
import type { Workers } from './ports/workers.ts';
import type { RevokedKeys } from './revoked-keys.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Rows at a time: short transactions, which hold up nobody. */
const BATCH = 500;

export interface JanitorParts {
  readonly database: Database;
  readonly jobs: Jobs;
  readonly images: JobImages;
  readonly idempotency: Idempotency;
  readonly events: Events;
  readonly workers: Workers;
  readonly rateLimits: RateLimits;
  readonly queue: JobQueue;
  readonly store: ImageStore;
  readonly failJob: FailJob;
  readonly revokedKeys: RevokedKeys;
  readonly clock: Clock;
}

/** How much of each kind was removed. */
export interface Swept {
  readonly images: number;
  readonly jobs: number;
  readonly idempotencyKeys: number;
  readonly events: number;
  readonly workers: number;
  /** Minutes of keys, counted for their rate limits. */
  readonly rateWindows: number;
  /** Files that nobody knew. */
  readonly orphans: number;
  /** Jobs that had not ended and that the queue did not know; they have failed now. */
  readonly forgottenJobs: number;
  /** Jobs that waited though their key is revoked; they are cancelled now. */
  readonly cancelledJobs: number;
}

/** Removes what has had its time. Several may work at once; they share the work. */
export class Janitor {
  readonly #parts: JanitorParts;

  constructor(parts: JanitorParts) {
    this.#parts = parts;
  }

  async sweep(signal: AbortSignal): Promise<Swept> {
    const { database, idempotency, events, workers, rateLimits, revokedKeys } = this.#parts;
    const cancelledJobs = await revokedKeys.cancelJobsLeft(signal);
    const forgottenJobs = await this.#failForgotten(signal);
    const images = await this.#removeImages(signal);
    const jobs = await this.#removeJobs(signal);
    const rows = await database.transaction(async (transaction) => ({
      idempotencyKeys: await idempotency.deleteBefore(transaction, this.#ago(DAY)),
      events: await events.deleteOfJobsEndedBefore(transaction, this.#ago(HOUR)),
      workers: await workers.deleteSeenBefore(transaction, this.#ago(DAY)),
      rateWindows: await rateLimits.removeBefore(transaction, this.#ago(HOUR)),
    }));
    return { images, jobs, ...rows, orphans: await this.#removeOrphans(signal), forgottenJobs, cancelledJobs };
  }

  #removeImages(signal: AbortSignal): Promise<number> {
    const { images, clock } = this.#parts;
    return this.#removeFiles(signal, (transaction) => images.markExpired(transaction, clock.now(), BATCH));
  }

  async #removeJobs(signal: AbortSignal): Promise<number> {
    const { database, jobs, images, clock } = this.#parts;
    await this.#removeFiles(signal, (transaction) => images.markOfExpiredJobs(transaction, clock.now(), BATCH));
    return inBatches(signal, () =>
      database.transaction((transaction) => jobs.deleteExpired(transaction, clock.now(), BATCH)),
    );
  }

  #removeFiles(signal: AbortSignal, mark: (transaction: Transaction) => Promise<ImageRecord[]>): Promise<number> {
    return inBatches(signal, async () => {
      const marked = await this.#parts.database.transaction(mark);
      for (const { name, format } of marked) await this.#parts.store.remove(name, format);
      return marked.length;
    });
  }

  #removeOrphans(signal: AbortSignal): Promise<number> {
    const { database, images, store } = this.#parts;
    // A picture is stored before its record is written: younger files may still be claimed.
    return store.sweep({
      olderThan: this.#ago(HOUR),
      known: (names) => database.transaction((transaction) => images.known(transaction, names)),
      signal,
    });
  }

  /** Jobs that the queue has lost, as after its tables were restored from an older state: nobody else would end them. */
  async #failForgotten(signal: AbortSignal): Promise<number> {
    const { database, jobs, queue, failJob } = this.#parts;
    const unfinished = await database.transaction((transaction) =>
      jobs.unfinishedSince(transaction, this.#ago(10 * MINUTE), BATCH),
    );
    let failed = 0;
    for (const [model, ofModel] of Map.groupBy(unfinished, ({ request }) => request.model)) {
      signal.throwIfAborted();
      const ids = ofModel.map(({ id }) => id);
      const held = await database.transaction((transaction) => queue.holds(transaction, model, ids));
      for (const id of ids.filter((jobId) => !held.has(jobId))) failed += Number(await failJob.giveUp(id));
    }
    return failed;
  }

  #ago(ms: number): Date {
    return new Date(this.#parts.clock.now().getTime() - ms);
  }
}

async function inBatches(signal: AbortSignal, removeSome: () => Promise<number>): Promise<number> {
  let removed = 0;
  for (let last = BATCH; last === BATCH; removed += last) {
    signal.throwIfAborted();
    last = await removeSome();
  }
  return removed;
}
