import { microToDecimal } from '@easel/contract';
import { hasCode } from '@easel/errors';
import { refillAccounts } from '../credits/refills.ts';
import type { Queries } from '../database/database.ts';
import { cancelStaleDrafts } from '../jobs/drafts.ts';
import { attemptsUsedUp, cancelJobsOfRevokedKeys, failJob } from '../jobs/ends-of-jobs.ts';
import { deleteIdempotencyKeysBefore } from '../jobs/idempotency.ts';
import type { JobContext } from '../jobs/job.ts';
import { deleteEventsOfJobsEndedBefore } from '../jobs/job-events.ts';
import { deleteExpiredJobs, unfinishedJobsSince } from '../jobs/jobs-table.ts';
import { deleteSavedByClosedAccounts } from '../keys/accounts.ts';
import { deleteRateWindowsBefore } from '../keys/callers.ts';
import type { ImageStore } from '../pictures/image-store.ts';
import { findKnownImages, type ImageRecord, markExpiredImages, markImagesOfExpiredJobs } from '../pictures/images.ts';
import { deleteDeliveriesEndedBefore } from '../webhooks/deliveries.ts';
import { holdDeletion, lockSweepTimes, type SweepTimes, saveSweepTimes } from './deletion-hold.ts';
import { deleteWorkersSeenBefore } from './workers-table.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** A job that is queued for longer fails, as when no worker has its model any more. */
const LONGEST_WAIT = 30 * DAY;
/** In which an account that was closed by mistake can be reopened with all it has saved. */
const SAVED_AFTER_CLOSING = 30 * DAY;
/** Files that cannot be deleted, in a log line. */
const SHOWN_FILES = 5;

/** Rows in a transaction, to keep it short. */
const BATCH = 500;

export interface JanitorOptions {
  readonly store: ImageStore;
  /** Is told about refills, and about conditions that keep a sweep from deleting, once each. */
  readonly report: (level: 'info' | 'warn', message: string, details: Readonly<Record<string, unknown>>) => void;
}

/** How many of each kind were deleted, or done. */
export interface Swept {
  readonly images: number;
  readonly jobs: number;
  readonly idempotencyKeys: number;
  readonly events: number;
  readonly workers: number;
  /** Minutes in which requests were counted for rate limits. */
  readonly rateWindows: number;
  /** Events that were delivered or given up. */
  readonly webhooks: number;
  /** Files without a record. */
  readonly orphans: number;
  /** Unfinished jobs that the queue had lost, or that were queued for too long; they have failed now. */
  readonly forgottenJobs: number;
  /** Queued jobs of revoked keys, and drafts that nobody waits for; they are cancelled now. */
  readonly cancelledJobs: number;
  /** Collections and styles of accounts that were closed long ago and whose pictures are gone. */
  readonly saved: number;
  /** Accounts that have got their monthly refill. */
  readonly refills: number;
}

type Count = () => Promise<number>;

/** Deletes what has expired, and does what is due. Several may run at the same time; they share the work. */
export class Janitor {
  readonly #context: JobContext;
  readonly #options: JanitorOptions;
  /** Files that could not be deleted in this sweep, and those that were reported before. */
  readonly #stuck = new Map<string, unknown>();
  #reported: ReadonlySet<string> = new Set();
  /** Whether the last sweep did not delete; null: there was none yet. */
  #isHeld: boolean | null = null;

  constructor(context: JobContext, options: JanitorOptions) {
    this.#context = context;
    this.#options = options;
  }

  /**
   * An error with one kind does not stop the others.
   *
   * @throws the first error, once everything was tried; the signal's reason
   */
  async sweep(signal: AbortSignal): Promise<Swept> {
    const errors: unknown[] = [];
    const tried = async (work: Count): Promise<number> => {
      signal.throwIfAborted();
      return work().catch((error: unknown) => {
        errors.push(error);
        return 0;
      });
    };
    const ofRevokedKeys = await tried(() => cancelJobsOfRevokedKeys(this.#context, signal));
    const staleDrafts = await tried(() => cancelStaleDrafts(this.#context, signal));
    const mayDelete = await this.#mayDelete();
    const aged = (work: Count) => (mayDelete ? tried(work) : Promise.resolve(0));
    const swept: Swept = {
      cancelledJobs: ofRevokedKeys + staleDrafts,
      // Like a deletion it cannot be taken back, should the clock be wrong.
      refills: await aged(() => this.#refill()),
      forgottenJobs: await aged(() => this.#failForgotten(signal)),
      images: await aged(() => this.#removeImages(signal)),
      jobs: await aged(() => this.#removeJobs(signal)),
      ...(await this.#removeRows(aged)),
      orphans: await aged(() => this.#removeOrphans(signal)),
    };
    this.#reportStuck();
    if (errors.length > 0) throw errors[0];
    return swept;
  }

  async #refill(): Promise<number> {
    const { database, clock } = this.#context;
    const refilled = await refillAccounts(database, clock.now());
    for (const { accountId, month, amount } of refilled) {
      this.#options.report('info', 'monthly refill', { accountId, month, granted: microToDecimal(amount) });
    }
    return refilled.length;
  }

  /** Not while it is unknown whether so much time has really passed. */
  async #mayDelete(): Promise<boolean> {
    const { database, clock } = this.#context;
    const { before, times } = await database.transaction(async (queries) => {
      const before = await lockSweepTimes(queries);
      const times = holdDeletion(before, clock.now());
      await saveSweepTimes(queries, times);
      return { before, times };
    });
    const isHeld = times.heldUntil > times.sweptAt;
    if (isHeld && this.#isHeld !== true) this.#reportHold(before, times);
    this.#isHeld = isHeld;
    return !isHeld;
  }

  #reportHold(before: SweepTimes | null, { sweptAt: clock, heldUntil }: SweepTimes): void {
    const details = { lastSweep: before?.sweptAt, clock, heldUntil };
    const end = `nothing is deleted until ${heldUntil.toISOString()}, in case the system's clock is wrong`;
    if (this.#isHeld === null) this.#options.report('info', `no server ran for a while; ${end}`, details);
    else this.#options.report('warn', `the system's clock jumped, or this machine slept; ${end}`, details);
  }

  async #removeRows(aged: (work: Count) => Promise<number>) {
    const { database } = this.#context;
    const removed = (remove: (queries: Queries, before: Date) => Promise<number>, ageMs: number) =>
      aged(() => database.transaction((queries) => remove(queries, this.#ago(ageMs))));
    return {
      idempotencyKeys: await removed(deleteIdempotencyKeysBefore, DAY),
      events: await removed(deleteEventsOfJobsEndedBefore, HOUR),
      workers: await removed(deleteWorkersSeenBefore, DAY),
      rateWindows: await removed(deleteRateWindowsBefore, HOUR),
      webhooks: await removed(deleteDeliveriesEndedBefore, this.#context.retention.requestsMs),
      saved: await removed(deleteSavedByClosedAccounts, SAVED_AFTER_CLOSING),
    };
  }

  #removeImages(signal: AbortSignal): Promise<number> {
    const { clock } = this.#context;
    return this.#removeFiles(signal, (queries) => markExpiredImages(queries, clock.now(), BATCH));
  }

  async #removeJobs(signal: AbortSignal): Promise<number> {
    const { database, clock } = this.#context;
    await this.#removeFiles(signal, (queries) => markImagesOfExpiredJobs(queries, clock.now(), BATCH));
    return inBatches(signal, () => database.transaction((queries) => deleteExpiredJobs(queries, clock.now(), BATCH)));
  }

  /** A file that cannot be deleted now has no record any more, and is retried as an orphan. */
  #removeFiles(signal: AbortSignal, mark: (queries: Queries) => Promise<ImageRecord[]>): Promise<number> {
    return inBatches(signal, async () => {
      const marked = await this.#context.database.transaction(mark);
      let away: unknown; // and then nobody waits for each of the others
      for (const { name, format } of marked) {
        try {
          if (away !== undefined) throw away;
          await this.#options.store.remove(name, format);
        } catch (error) {
          this.#stuck.set(name, error);
          if (hasCode(error, 'storage_unavailable')) away = error;
        }
      }
      return marked.length;
    });
  }

  #removeOrphans(signal: AbortSignal): Promise<number> {
    // A picture is stored before its record is written: younger files may still get one.
    return this.#options.store.sweep({
      olderThan: this.#ago(HOUR),
      known: (names) => this.#context.database.transaction((queries) => findKnownImages(queries, names)),
      signal,
      onFailure: (path, error) => this.#stuck.set(path, error),
    });
  }

  #reportStuck(): void {
    const stuck = [...this.#stuck.keys()];
    if (stuck.some((file) => !this.#reported.has(file))) {
      const [err] = this.#stuck.values();
      const details = { count: stuck.length, files: stuck.slice(0, SHOWN_FILES), err };
      this.#options.report('warn', 'pictures cannot be deleted; retrying every minute', details);
    }
    this.#reported = new Set(stuck);
    this.#stuck.clear();
  }

  /**
   * Jobs that the queue has lost, as after its tables were restored from an older backup: nothing else would end them. And those that
   * were queued for too long.
   */
  async #failForgotten(signal: AbortSignal): Promise<number> {
    const { database, queue } = this.#context;
    const unfinished = await database.transaction((queries) =>
      unfinishedJobsSince(queries, this.#ago(10 * MINUTE), BATCH),
    );
    let failed = 0;
    for (const [model, ofModel] of Map.groupBy(unfinished, ({ request }) => request.model)) {
      signal.throwIfAborted();
      const late = ofModel.filter(({ state, createdAt }) => state === 'queued' && createdAt < this.#ago(LONGEST_WAIT));
      const ids = ofModel.map(({ id }) => id);
      const known = await database.transaction(async (queries) => {
        for (const { id } of late) await queue.cancel(queries, model, id);
        return queue.contains(queries, model, ids);
      });
      for (const jobId of ids.filter((id) => !known.has(id))) {
        failed += Number(await failJob(this.#context, { jobId }, attemptsUsedUp));
      }
    }
    return failed;
  }

  #ago(ms: number): Date {
    return new Date(this.#context.clock.now().getTime() - ms);
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
