import { priceOf, type Tariff } from '@easel/contract';
import type { Clock } from '../clock.ts';
import { holdPrice } from '../credits/holds.ts';
import { DatabaseAway, outlast } from '../database/away.ts';
import type { Database, Transaction } from '../database/database.ts';
import { DomainError } from '../domain-error.ts';
import { newId } from '../ids.ts';
import { monthOf } from '../keys/key-months.ts';
import { lockKey } from '../keys/key-table.ts';
import { requireUsable } from '../keys/keys.ts';
import type { StartPictures } from '../pictures/start-pictures.ts';
import type { JobQueue } from '../queue/job-queue.ts';
import type { Events } from './events-port.ts';
import type { Idempotency } from './idempotency-port.ts';
import type { JobLog } from './job-log-port.ts';
import type { JobRequest } from './job-request.ts';
import { requireJob } from './job-state.ts';
import type { JobRecord, Jobs, NewJob, Place } from './jobs-port.ts';
import type { QueueOutlook } from './queue-outlook.ts';
import type { Settings } from './settings-port.ts';
import { expiryOf } from './speed.ts';
import { nextTurn, overtake } from './turn.ts';
import type { AccountTurn, Turns } from './turns-port.ts';

/** How long a commit that was cut off is asked for. */
const COMMIT_PATIENCE_MS = 10_000;
const IDEMPOTENCY_MS = 24 * 60 * 60 * 1000;

export interface SubmitJobParts {
  readonly database: Database;
  readonly jobs: Jobs;
  readonly events: Events;
  readonly idempotency: Idempotency;
  readonly turns: Turns;
  readonly settings: Settings;
  readonly queue: JobQueue;
  readonly outlook: QueueOutlook;
  readonly clock: Clock;
  readonly tariff: Tariff;
  /** Jobs of one model that may wait. */
  readonly queueLength: number;
  /** Jobs of one account that may wait, for accounts without a limit of their own. */
  readonly queuedPerAccount: number;
  readonly startPictures: StartPictures;
  readonly jobLog: JobLog;
}

export interface Submission {
  readonly accountId: string;
  readonly keyId: string;
  readonly surface: string;
  /** Its `image` is filled in here. */
  readonly request: JobRequest;
  /** The file of the picture to start from, in the size of the request; null: from noise alone. */
  readonly startImage: Uint8Array | null;
  readonly priority: number;
  readonly store: boolean;
  /** The server on which the client waits for the job and nothing else can ask for it; null: it may be left alone. */
  readonly waiter: string | null;
  /** The request that this came by, as the logs name it; also the id of the job, so that the reply's id leads to it. */
  readonly requestId: string | null;
  /** The client's `Idempotency-Key` and the SHA-256 of its body; null: it sent none. */
  readonly idempotency: { readonly key: string; readonly bodyHash: Uint8Array } | null;
}

export interface Submitted {
  readonly job: JobRecord;
  /** Whether it is an earlier request's job, under the same idempotency key. */
  readonly isReplay: boolean;
}

/** Takes a job in: reserves its price and queues it, all of it or nothing. */
export class SubmitJob {
  readonly #parts: SubmitJobParts;

  constructor(parts: SubmitJobParts) {
    this.#parts = parts;
  }

  /**
   * @throws DomainError `unauthorized` for a key that has ended, `idempotency_mismatch`, `rate_limited` when too many jobs of the account wait, `insufficient_credits`,
   *   `overloaded`, or `invalid_request` for a job that would take too long
   */
  async submit(submission: Submission): Promise<Submitted> {
    const { startImage } = submission;
    if (startImage === null) return this.#submit(submission);
    const replayed = await this.consider(submission);
    if (replayed !== null) return { job: replayed, isReplay: true };
    const { startPictures } = this.#parts;
    const request = { ...submission.request, image: await startPictures.keep(startImage) };
    try {
      const submitted = await this.#submit({ ...submission, request });
      if (submitted.isReplay) await startPictures.removeOf({ request });
      return submitted;
    } catch (error) {
      // After any other error the job may have been taken: then its picture is needed.
      if (error instanceof DomainError && !(error instanceof DatabaseAway)) await startPictures.removeOf({ request });
      throw error;
    }
  }

  /** When the database goes away in the middle of the commit, the job is looked for under its id and taken if it is not there. */
  async #submit(submission: Submission): Promise<Submitted> {
    const { jobs, jobLog } = this.#parts;
    const { requestId } = submission;
    const take = (attempt: number) =>
      this.#inTurn(submission, async (transaction, account, earlier) => {
        const taken = attempt === 1 || requestId === null ? null : await jobs.find(transaction, requestId);
        if (taken !== null) return { job: taken, isReplay: false };
        if (earlier !== null) return { job: earlier, isReplay: true };
        return { job: await this.#take(transaction, submission, account), isReplay: false };
      });
    const submitted = await outlast(take, { withinMs: COMMIT_PATIENCE_MS });
    const { job, isReplay } = submitted;
    const { surface, request } = job;
    if (!isReplay) jobLog('info', 'job queued', job, { surface, model: request.model });
    return submitted;
  }

  /**
   * Whether the job would be refused, before its picture is decoded or written: what costs little is asked first.
   *
   * @returns the earlier job that it would be answered with; null: it would be a new one
   * @throws DomainError as `submit`
   */
  async consider(submission: Submission): Promise<JobRecord | null> {
    const undo = new Error('only asked');
    try {
      return await this.#inTurn(submission, async (transaction, account, earlier) => {
        if (earlier !== null) return earlier;
        await this.#reserve(transaction, this.#newJob(submission), account);
        throw undo;
      });
    } catch (error) {
      if (error === undo) return null;
      throw error;
    }
  }

  /** The account's submissions take turns, so two under the same idempotency key, or for its last place, cannot miss each other. */
  #inTurn<Result>(
    submission: Submission,
    work: (transaction: Transaction, account: AccountTurn, earlier: JobRecord | null) => Promise<Result>,
  ): Promise<Result> {
    const { database, turns, clock } = this.#parts;
    return database.transaction(async (transaction) => {
      const account = await turns.lock(transaction, submission.accountId);
      if (account === null) throw new DomainError('not_found', `there is no account ${submission.accountId}`);
      // A key that is revoked meanwhile is either refused here, or its job is there to be cancelled.
      requireUsable(await lockKey(transaction, submission.keyId), clock.now());
      return work(transaction, account, await this.#earlier(transaction, submission));
    });
  }

  /** The job of an earlier request under the same key, unless it came to nothing: then the key starts anew. */
  async #earlier(transaction: Transaction, { accountId, idempotency }: Submission): Promise<JobRecord | null> {
    if (idempotency === null) return null;
    const record = await this.#parts.idempotency.find(transaction, accountId, idempotency.key);
    if (record === null || record.createdAt.getTime() + IDEMPOTENCY_MS <= this.#parts.clock.now().getTime())
      return null;
    const job = await this.#parts.jobs.find(transaction, record.jobId);
    if (job?.state === 'failed' || job?.state === 'cancelled') return null;
    if (job !== null && Buffer.compare(record.bodyHash, idempotency.bodyHash) === 0) return job;
    // A failed job that was deleted is among these: nobody knows any more what became of it.
    if (job === null) {
      throw new DomainError(
        'conflict',
        `this Idempotency-Key was used for job ${record.jobId}, whose record has been deleted since; take another key to have the pictures made, and charged, again`,
        { param: 'Idempotency-Key' },
      );
    }
    throw new DomainError(
      'idempotency_mismatch',
      'this Idempotency-Key was used with another body in the last 24 hours; send the same body, or take another key',
      { param: 'Idempotency-Key' },
    );
  }

  async #take(transaction: Transaction, submission: Submission, account: AccountTurn): Promise<JobRecord> {
    const { jobs, queue, settings, events } = this.#parts;
    const { accountId, request } = submission;
    const { model } = request;
    const job = this.#newJob(submission);
    const expireInSeconds = expiryOf(request, await settings.speedOf(transaction, model));
    const places = await this.#reserve(transaction, job, account);
    const virtualStart = await this.#takeTurn(transaction, job, { account, places });
    await jobs.insert(transaction, { ...job, virtualStart });
    await this.#remember(transaction, submission, job);
    const { maxConcurrent } = account;
    const priority = priorityOf(virtualStart);
    await events.announceQueued(transaction, job.id, accountId);
    await queue.enqueue(transaction, { jobId: job.id, model, accountId, priority, expireInSeconds, maxConcurrent });
    return requireJob(await jobs.find(transaction, job.id), accountId, job.id);
  }

  #newJob(submission: Submission): Omit<NewJob, 'virtualStart'> {
    const { clock, tariff } = this.#parts;
    const createdAt = clock.now();
    const { startImage: _, idempotency: __, ...job } = submission;
    return {
      ...job,
      id: job.requestId ?? newId(createdAt.getTime()),
      price: priceOf(job.request, tariff),
      createdAt,
    };
  }

  /**
   * Whether there is room for the job and credits for it; these are held from here on.
   *
   * @returns the places of the account's jobs that wait for the model, locked
   * @throws DomainError `rate_limited`, `insufficient_credits`, `overloaded`
   */
  async #reserve(
    transaction: Transaction,
    { id: jobId, accountId, keyId, request, price, createdAt }: Omit<NewJob, 'virtualStart'>,
    account: AccountTurn,
  ): Promise<readonly Place[]> {
    const { jobs } = this.#parts;
    const { model, samples } = request;
    // Jobs before the balance, the order in which a cancel locks them too: the other way round the two could deadlock.
    const places = await jobs.lockPlaces(transaction, accountId, model);
    await this.#requireOwnRoom(transaction, accountId, model, account);
    const hold = { jobId, accountId, keyId, model, samples, amount: price, month: monthOf(createdAt) };
    await holdPrice(transaction, hold);
    await this.#requireRoom(transaction, model, places.length);
    return places;
  }

  /** One account cannot fill the queue. */
  async #requireOwnRoom(
    transaction: Transaction,
    accountId: string,
    model: string,
    { maxQueued }: AccountTurn,
  ): Promise<void> {
    const { jobs, outlook, queuedPerAccount } = this.#parts;
    const limit = maxQueued ?? queuedPerAccount;
    const waiting = await jobs.countQueuedOf(transaction, accountId);
    if (waiting < limit) return;
    throw new DomainError(
      'rate_limited',
      `this account has ${waiting} jobs waiting, and ${limit} may wait at a time; ` +
        'send the next one when one of them has started, or cancel one; nothing was charged',
      { retryAfterSeconds: await outlook.secondsToNextPlace(transaction, model) },
    );
  }

  /** An account with less than its share of a full queue still gets in: others have filled it, and it does not have to suffer for it. */
  async #requireRoom(transaction: Transaction, model: string, own: number): Promise<void> {
    const { jobs, outlook, queueLength } = this.#parts;
    const waiting = await jobs.countQueued(transaction, model);
    if (waiting < queueLength) return;
    const others = await jobs.countWaitingAccounts(transaction, model);
    const share = Math.floor(queueLength / (own === 0 ? others + 1 : others));
    if (own < share) return;
    throw new DomainError(
      'overloaded',
      `the queue is full: ${waiting} jobs wait for ${model}, and ${queueLength} may; try again later; nothing was charged`,
      { retryAfterSeconds: await outlook.secondsToNextPlace(transaction, model) },
    );
  }

  async #takeTurn(
    transaction: Transaction,
    job: Omit<NewJob, 'virtualStart'>,
    { account, places }: { readonly account: AccountTurn; readonly places: readonly Place[] },
  ): Promise<bigint> {
    const { jobs, turns, queue } = this.#parts;
    const { model } = job.request;
    const turn = nextTurn(await turns.virtualTime(transaction), account.virtualFinish);
    await turns.setVirtualFinish(transaction, job.accountId, turn.finish);
    const { virtualStart, moved } = overtake({ priority: job.priority, virtualStart: turn.start }, places);
    for (const { jobId, virtualStart: later } of moved) {
      await jobs.setVirtualStart(transaction, jobId, later);
      await queue.setPriority(transaction, model, jobId, priorityOf(later));
    }
    return virtualStart;
  }

  async #remember(
    transaction: Transaction,
    { accountId, idempotency }: Submission,
    { id: jobId, createdAt }: Pick<NewJob, 'id' | 'createdAt'>,
  ): Promise<void> {
    if (idempotency === null) return;
    await this.#parts.idempotency.put(transaction, { accountId, ...idempotency, jobId, createdAt });
  }
}

/** The queue takes larger priorities first, and the smallest start tag is to be first. */
function priorityOf(virtualStart: bigint): number {
  return Number(-virtualStart);
}
