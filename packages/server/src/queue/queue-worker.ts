import { setTimeout as sleep } from 'node:timers/promises';
import type { ConnectionOptions, JobWithMetadata, PgBoss } from 'pg-boss';
import type { Transaction } from '../database/database.ts';
import { type ClaimedJob, HandBack } from './job-queue.ts';
import type { workOptions } from './queue-settings.ts';

export interface QueueWorkerOptions {
  readonly queue: string;
  readonly options: ReturnType<typeof workOptions>;
  readonly onJob: (job: ClaimedJob) => Promise<unknown>;
  readonly within: (transaction: Transaction) => ConnectionOptions;
}

/** Takes the jobs of one queue, one at a time. */
export class QueueWorker {
  readonly #boss: PgBoss;
  readonly #options: QueueWorkerOptions;
  readonly #handingBack = new AbortController();
  #id: string | undefined;

  constructor(boss: PgBoss, options: QueueWorkerOptions) {
    this.#boss = boss;
    this.#options = options;
  }

  async start(): Promise<void> {
    if (this.#id !== undefined) return;
    const { queue, options } = this.#options;
    this.#id = await this.#boss.work(queue, options, (jobs: JobWithMetadata[]) => this.#handleAll(jobs));
  }

  /** The job under way goes on. */
  async pause(): Promise<void> {
    const id = this.#id;
    this.#id = undefined;
    if (id !== undefined) await this.#boss.offWork(this.#options.queue, { id, wait: false });
  }

  /** Resolves when no job is under way any more, and what became of each is known to the queue. */
  async stop(drainMs: number): Promise<void> {
    this.#id = undefined;
    const ended = this.#boss.offWork(this.#options.queue, { wait: true });
    await Promise.race([ended, sleep(drainMs, undefined, { ref: false })]);
    this.#handingBack.abort(new HandBack());
    await ended;
  }

  async #handleAll(jobs: readonly JobWithMetadata[]): Promise<void> {
    try {
      for (const job of jobs) await this.#options.onJob(this.#claimed(job));
    } finally {
      // Otherwise the next job would wait for the next poll, unless it is announced just then.
      if (this.#id !== undefined) this.#boss.notifyWorker(this.#id);
    }
  }

  #claimed(job: JobWithMetadata): ClaimedJob {
    return {
      jobId: job.id,
      signal: AbortSignal.any([job.signal, this.#handingBack.signal]),
      isLastAttempt: job.retryCount >= job.retryLimit,
      handBack: (transaction) => this.#handBack(transaction, job),
    };
  }

  /** To cancel and to resume is pg-boss's way of putting a claimed job back; its next claim counts as an attempt. */
  async #handBack(transaction: Transaction, { id, retryCount, retryLimit }: JobWithMetadata): Promise<void> {
    const { queue, within } = this.#options;
    const connection = within(transaction);
    await this.#boss.cancel(queue, { id, retryCount }, connection);
    await this.#boss.resume(queue, id, connection);
    await this.#boss.update(queue, undefined, { id, retryLimit: retryLimit + 1, ...connection });
  }
}
