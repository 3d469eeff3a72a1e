import type { Clock } from '../clock.ts';
import type { Database, Transaction } from '../database/database.ts';
import type { Events } from '../jobs/events-port.ts';
import type { FailJob } from '../jobs/fail-job.ts';
import type { Idempotency } from '../jobs/idempotency-port.ts';
import type { Jobs } from '../jobs/jobs-port.ts';
import type { RevokedKeys } from '../jobs/revoked-keys.ts';
import type { Settings, SweepTimes } from '../jobs/settings-port.ts';
import { deleteRateWindowsBefore } from '../keys/callers.ts';
import type { ImageStore } from '../pictures/image-store.ts';
import { findKnownImages, type ImageRecord, markExpiredImages, markImagesOfExpiredJobs } from '../pictures/images.ts';
import type { JobQueue } from '../queue/job-queue.ts';
import { holdDeletion } from './deletion-hold.ts';
import type { Workers } from './workers-port.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** A job that has waited for so long fails, as when no worker has its model any more. */
const LONGEST_WAIT = 30 * DAY;
/** Of files that cannot be removed, in a line of the log. */
const SHOWN_FILES = 5;

/** Rows at a time: short transactions, which hold up nobody. */
const BATCH = 500;

export interface JanitorParts {
  readonly database: Database;
  readonly jobs: Jobs;
  readonly idempotency: Idempotency;
  readonly events: Events;
  readonly workers: Workers;
  readonly settings: Settings;
  readonly queue: JobQueue;
  readonly store: ImageStore;
  readonly failJob: FailJob;
  readonly revokedKeys: RevokedKeys;
  readonly clock: Clock;
  /** Told once of what keeps a sweep from its work. */
  readonly report: (level: 'info' | 'warn', message: string, details: Readonly<Record<string, unknown>>) => void;
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
  /** Jobs that had not ended and that the queue did not know, or that waited for too long; they have failed now. */
  readonly forgottenJobs: number;
  /** Jobs that waited though their key is revoked; they are cancelled now. */
  readonly cancelledJobs: number;
}

type Count = () => Promise<number>;

/** Removes what has had its time. Several may work at once; they share the work. */
export class Janitor {
  readonly #parts: JanitorParts;
  /** Files that could not be removed at this sweep, and those that were told of. */
  readonly #stuck = new Map<string, unknown>();
  #told: ReadonlySet<string> = new Set();
  /** Whether the last sweep was kept from deleting; null: there was none yet. */
  #isHeld: boolean | null = null;

  constructor(parts: JanitorParts) {
    this.#parts = parts;
  }

  /**
   * What goes wrong with one kind of thing does not keep the others.
   *
   * @throws the first of what went wrong, once everything was tried; the signal's reason
   */
  async sweep(signal: AbortSignal): Promise<Swept> {
    const { revokedKeys } = this.#parts;
    const errors: unknown[] = [];
    const tried = async (work: Count): Promise<number> => {
      signal.throwIfAborted();
      return work().catch((error: unknown) => {
        errors.push(error);
        return 0;
      });
    };
    const cancelledJobs = await tried(() => revokedKeys.cancelJobsLeft(signal));
    const mayDelete = await this.#mayDelete();
    const aged = (work: Count) => (mayDelete ? tried(work) : Promise.resolve(0));
    const swept: Swept = {
      cancelledJobs,
      forgottenJobs: await aged(() => this.#failForgotten(signal)),
      images: await aged(() => this.#removeImages(signal)),
      jobs: await aged(() => this.#removeJobs(signal)),
      ...(await this.#removeRows(aged)),
      orphans: await aged(() => this.#removeOrphans(signal)),
    };
    this.#tellOfStuck();
    if (errors.length > 0) throw errors[0];
    return swept;
  }

  /** Not while it cannot be told whether so much time has really passed. */
  async #mayDelete(): Promise<boolean> {
    const { database, settings, clock } = this.#parts;
    const { before, times } = await database.transaction(async (transaction) => {
      const before = await settings.lockSweepTimes(transaction);
      const times = holdDeletion(before, clock.now());
      await settings.setSweepTimes(transaction, times);
      return { before, times };
    });
    const isHeld = times.heldUntil > times.sweptAt;
    if (isHeld && this.#isHeld !== true) this.#tellOfHold(before, times);
    this.#isHeld = isHeld;
    return !isHeld;
  }

  #tellOfHold(before: SweepTimes | null, { sweptAt: clock, heldUntil }: SweepTimes): void {
    const details = { lastSweep: before?.sweptAt, clock, heldUntil };
    const end = `nothing is deleted until ${heldUntil.toISOString()}, in case the system's clock is wrong`;
    if (this.#isHeld === null) this.#parts.report('info', `no server ran for a while; ${end}`, details);
    else this.#parts.report('warn', `the system's clock jumped, or this machine slept; ${end}`, details);
  }

  async #removeRows(aged: (work: Count) => Promise<number>) {
    const { database, idempotency, events, workers } = this.#parts;
    const removed = (remove: (transaction: Transaction) => Promise<number>) => aged(() => database.transaction(remove));
    return {
      idempotencyKeys: await removed((transaction) => idempotency.deleteBefore(transaction, this.#ago(DAY))),
      events: await removed((transaction) => events.deleteOfJobsEndedBefore(transaction, this.#ago(HOUR))),
      workers: await removed((transaction) => workers.deleteSeenBefore(transaction, this.#ago(DAY))),
      rateWindows: await removed((transaction) => deleteRateWindowsBefore(transaction, this.#ago(HOUR))),
    };
  }

  #removeImages(signal: AbortSignal): Promise<number> {
    const { clock } = this.#parts;
    return this.#removeFiles(signal, (transaction) => markExpiredImages(transaction, clock.now(), BATCH));
  }

  async #removeJobs(signal: AbortSignal): Promise<number> {
    const { database, jobs, clock } = this.#parts;
    await this.#removeFiles(signal, (transaction) => markImagesOfExpiredJobs(transaction, clock.now(), BATCH));
    return inBatches(signal, () =>
      database.transaction((transaction) => jobs.deleteExpired(transaction, clock.now(), BATCH)),
    );
  }

  /** A file that cannot be removed now is nobody's from then on, and tried again as an orphan. */
  #removeFiles(signal: AbortSignal, mark: (transaction: Transaction) => Promise<ImageRecord[]>): Promise<number> {
    return inBatches(signal, async () => {
      const marked = await this.#parts.database.transaction(mark);
      for (const { name, format } of marked) {
        await this.#parts.store.remove(name, format).catch((error: unknown) => this.#stuck.set(name, error));
      }
      return marked.length;
    });
  }

  #removeOrphans(signal: AbortSignal): Promise<number> {
    const { database, store } = this.#parts;
    // A picture is stored before its record is written: younger files may still be claimed.
    return store.sweep({
      olderThan: this.#ago(HOUR),
      known: (names) => database.transaction((transaction) => findKnownImages(transaction, names)),
      signal,
      onFailure: (path, error) => this.#stuck.set(path, error),
    });
  }

  #tellOfStuck(): void {
    const stuck = [...this.#stuck.keys()];
    if (stuck.some((file) => !this.#told.has(file))) {
      const [err] = this.#stuck.values();
      const details = { count: stuck.length, files: stuck.slice(0, SHOWN_FILES), err };
      this.#parts.report(
        'warn',
        'files in the image folder cannot be removed; they are tried again every minute',
        details,
      );
    }
    this.#told = new Set(stuck);
    this.#stuck.clear();
  }

  /**
   * Jobs that the queue has lost, as after its tables were restored from an older state: nobody else would end them. And those that have
   * waited for too long.
   */
  async #failForgotten(signal: AbortSignal): Promise<number> {
    const { database, jobs, queue, failJob } = this.#parts;
    const unfinished = await database.transaction((transaction) =>
      jobs.unfinishedSince(transaction, this.#ago(10 * MINUTE), BATCH),
    );
    let failed = 0;
    for (const [model, ofModel] of Map.groupBy(unfinished, ({ request }) => request.model)) {
      signal.throwIfAborted();
      const late = ofModel.filter(({ state, createdAt }) => state === 'queued' && createdAt < this.#ago(LONGEST_WAIT));
      const ids = ofModel.map(({ id }) => id);
      const held = await database.transaction(async (transaction) => {
        for (const { id } of late) await queue.cancel(transaction, model, id);
        return queue.holds(transaction, model, ids);
      });
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
