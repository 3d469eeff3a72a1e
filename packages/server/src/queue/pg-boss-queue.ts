import {
  type ConnectionOptions,
  type DatabaseOptions,
  fromKysely,
  type JobWithMetadata,
  type KyselyTransactionLike,
  PgBoss,
} from 'pg-boss';
import type { Transaction } from '../database/database.ts';
import type { JobQueue, QueueEntry, Working } from './job-queue.ts';
import { GIVEN_UP_QUEUE, queueOf } from './queue-names.ts';
import { bossSettings, givenUpQueue, paintingQueue, tierOf, workOptions } from './queue-settings.ts';
import { QueueWorker } from './queue-worker.ts';

export interface PgBossQueueOptions {
  readonly connection: DatabaseOptions;
  /** The models that jobs may be for. */
  readonly models: readonly string[];
  /** Jobs of one account that may run at the same time, for accounts without a limit of their own. */
  readonly jobsPerAccount: number;
  /** What a transaction's queries are run on. */
  readonly queriesOf: (transaction: Transaction) => KyselyTransactionLike;
  /** Errors that end nothing, such as a connection that broke: the queue goes on by itself. */
  readonly onError: (error: unknown) => void;
  /** What the operator should look at, such as a database that does not pass on notifications. */
  readonly onWarning?: (message: string) => void;
}

/** The queue in PostgreSQL, by pg-boss: a job enters and leaves it in the same transaction as everything else about it. */
export class PgBossQueue implements JobQueue {
  readonly #boss: PgBoss;
  readonly #options: PgBossQueueOptions;
  readonly #workers: QueueWorker[] = [];
  #isPaused = false;

  constructor(options: PgBossQueueOptions) {
    this.#options = options;
    this.#boss = new PgBoss({ ...bossSettings, ...options.connection });
    // Without a listener an 'error' event ends the process.
    this.#boss.on('error', options.onError);
    this.#boss.on('warning', ({ message }) => options.onWarning?.(message));
  }

  /** Makes the queue's tables and the queues that are missing. */
  async start(): Promise<void> {
    await this.#boss.start();
    await this.#boss.createQueue(GIVEN_UP_QUEUE, givenUpQueue);
    for (const model of this.#options.models) {
      const settings = { ...paintingQueue, deadLetter: GIVEN_UP_QUEUE };
      await this.#boss.createQueue(queueOf(model), settings);
      // A queue that was there keeps the settings of the version that made it.
      await this.#boss.updateQueue(queueOf(model), settings);
    }
  }

  async enqueue(transaction: Transaction, entry: QueueEntry): Promise<void> {
    const { jobId, model, accountId, priority, expireInSeconds, maxConcurrent } = entry;
    const tier = tierOf(maxConcurrent);
    const group = { id: accountId, ...(tier !== undefined && { tier }) };
    const options = { id: jobId, priority, expireInSeconds, group, ...this.#within(transaction) };
    await this.#boss.send(queueOf(model), { jobId }, options);
  }

  async cancel(transaction: Transaction, model: string, jobId: string): Promise<void> {
    await this.#boss.cancel(queueOf(model), jobId, this.#within(transaction));
  }

  async setPriority(transaction: Transaction, model: string, jobId: string, priority: number): Promise<void> {
    await this.#boss.update(queueOf(model), undefined, { id: jobId, priority, ...this.#within(transaction) });
  }

  async holds(transaction: Transaction, model: string, jobIds: readonly string[]): Promise<ReadonlySet<string>> {
    const held = new Set<string>();
    for (const id of jobIds) {
      const found = await this.#boss.findJobs(queueOf(model), { id, ...this.#within(transaction) });
      if (found.some(({ state }) => state === 'created' || state === 'retry' || state === 'active')) held.add(id);
    }
    return held;
  }

  async work({ model, onJob }: Working): Promise<void> {
    const worker = new QueueWorker(this.#boss, {
      queue: queueOf(model),
      options: workOptions(this.#options.jobsPerAccount),
      onJob,
      within: (transaction) => this.#within(transaction),
    });
    this.#workers.push(worker);
    if (!this.#isPaused) await worker.start();
  }

  async onGivenUp(callback: (jobId: string) => Promise<void>): Promise<void> {
    const options = { includeMetadata: true, pollingIntervalSeconds: 1 } as const;
    await this.#boss.work(GIVEN_UP_QUEUE, options, async (jobs: JobWithMetadata[]) => {
      for (const { sourceId } of jobs) if (sourceId !== null) await callback(sourceId);
    });
  }

  async pause(): Promise<void> {
    this.#isPaused = true;
    await Promise.all(this.#workers.map((worker) => worker.pause()));
  }

  async resume(): Promise<void> {
    this.#isPaused = false;
    for (const worker of this.#workers) await worker.start();
  }

  async probe(model: string): Promise<void> {
    const queue = await this.#boss.getQueue(queueOf(model));
    if (queue === null) throw new Error(`the queue of ${model} is missing; start a server again to make it`);
  }

  async stopWork({ drainMs }: { readonly drainMs: number }): Promise<void> {
    await Promise.all(this.#workers.splice(0).map((worker) => worker.stop(drainMs)));
  }

  async stop(): Promise<void> {
    await this.stopWork({ drainMs: 0 });
    await this.#boss.stop({ graceful: true, timeout: 5000 });
  }

  #within(transaction: Transaction): ConnectionOptions {
    return { db: fromKysely(this.#options.queriesOf(transaction)) };
  }
}
