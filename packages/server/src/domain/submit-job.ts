import type { Tariff } from '@easel/contract';
import { DomainError } from './domain-error.ts';
import { holdPrice, monthOf } from './hold-price.ts';
import { newId } from './ids.ts';
import type { JobRequest } from './job-request.ts';
import { requireJob } from './job-state.ts';
import type { Clock } from './ports/clock.ts';
import type { Database, Transaction } from './ports/database.ts';
import type { Idempotency } from './ports/idempotency.ts';
import type { JobQueue } from './ports/job-queue.ts';
import type { JobRecord, JobSurface, Jobs, NewJob, Place } from './ports/jobs.ts';
import type { Ledger } from './ports/ledger.ts';
import type { Settings } from './ports/settings.ts';
import type { AccountTurn, Turns } from './ports/turns.ts';
import { priceOfRequest } from './price.ts';
import type { QueueOutlook } from './queue-outlook.ts';
import { expiryOf } from './speed.ts';
import { nextTurn, overtake } from './turn.ts';

const IDEMPOTENCY_MS = 24 * 60 * 60 * 1000;

export interface SubmitJobParts {
  readonly database: Database;
  readonly jobs: Jobs;
  readonly ledger: Ledger;
  readonly idempotency: Idempotency;
  readonly turns: Turns;
  readonly settings: Settings;
  readonly queue: JobQueue;
  readonly outlook: QueueOutlook;
  readonly clock: Clock;
  readonly tariff: Tariff;
  /** Jobs of one model that may wait. */
  readonly queueLength: number;
}

export interface Submission {
  readonly accountId: string;
  readonly keyId: string;
  readonly surface: JobSurface;
  readonly request: JobRequest;
  readonly priority: number;
  readonly store: boolean;
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
   * @throws DomainError `idempotency_mismatch`, `insufficient_credits`, `overloaded`, or `invalid_request` for a job that would
   *   take too long
   */
  submit(submission: Submission): Promise<Submitted> {
    const { database, turns } = this.#parts;
    return database.transaction(async (transaction) => {
      // From here on the account's submissions take turns, so two under the same idempotency key cannot miss each other.
      const turn = await turns.lock(transaction, submission.accountId);
      if (turn === null) throw new DomainError('not_found', `there is no account ${submission.accountId}`);
      const earlier = await this.#earlier(transaction, submission);
      if (earlier !== null) return { job: earlier, isReplay: true };
      return { job: await this.#take(transaction, submission, turn), isReplay: false };
    });
  }

  /** The job of an earlier request under the same key, unless it came to nothing: then the key starts anew. */
  async #earlier(transaction: Transaction, { accountId, idempotency }: Submission): Promise<JobRecord | null> {
    if (idempotency === null) return null;
    const record = await this.#parts.idempotency.find(transaction, accountId, idempotency.key);
    if (record === null || record.createdAt.getTime() + IDEMPOTENCY_MS <= this.#parts.clock.now().getTime())
      return null;
    const job = await this.#parts.jobs.find(transaction, record.jobId);
    if (job === null || job.state === 'failed' || job.state === 'cancelled') return null;
    if (Buffer.compare(record.bodyHash, idempotency.bodyHash) === 0) return job;
    throw new DomainError(
      'idempotency_mismatch',
      'this Idempotency-Key was used with another body in the last 24 hours; send the same body, or take another key',
      { param: 'Idempotency-Key' },
    );
  }

  async #take(transaction: Transaction, submission: Submission, account: AccountTurn): Promise<JobRecord> {
    const { jobs, ledger, queue, settings, clock, tariff } = this.#parts;
    const { accountId, keyId, request } = submission;
    const now = clock.now();
    const job = {
      ...submission,
      id: newId(now.getTime()),
      price: priceOfRequest(request, tariff),
      createdAt: now,
    };
    const expireInSeconds = expiryOf(request, await settings.speedOf(transaction, request.model));
    const { model, samples } = request;
    const hold = { jobId: job.id, accountId, keyId, model, samples, amount: job.price, month: monthOf(now) };
    // Jobs before the balance, the order in which a cancel locks them too: the other way round the two could deadlock.
    const places = await jobs.lockPlaces(transaction, accountId, model);
    await holdPrice(ledger, transaction, hold);
    await this.#requireRoom(transaction, request);
    const virtualStart = await this.#takeTurn(transaction, job, { account, places });
    await jobs.insert(transaction, { ...job, virtualStart });
    await this.#remember(transaction, submission, job);
    const { maxConcurrent } = account;
    const priority = priorityOf(virtualStart);
    await queue.enqueue(transaction, { jobId: job.id, model, accountId, priority, expireInSeconds, maxConcurrent });
    return requireJob(await jobs.find(transaction, job.id), accountId, job.id);
  }

  async #requireRoom(transaction: Transaction, { model }: JobRequest): Promise<void> {
    const { jobs, outlook, queueLength } = this.#parts;
    const waiting = await jobs.countQueued(transaction, model);
    if (waiting < queueLength) return;
    throw new DomainError(
      'overloaded',
      `the queue is full: ${waiting} jobs wait for ${model}, and ${queueLength} may; try again later`,
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
