import { setTimeout as sleep } from 'node:timers/promises';
import {
  type ConnectionOptions,
  type ConstructorOptions,
  type DatabaseOptions,
  fromKysely,
  type JobWithMetadata,
  PgBoss,
  type Queue,
  type WorkOptions,
} from 'pg-boss';
import type { Queries } from '../database/database.ts';
import {
  type ClaimedJob,
  type EntryPriority,
  HandBack,
  type JobQueue,
  type QueueEntry,
  type Working,
} from './job-queue.ts';

const PREFIX = 'paint/';

/** Each model has its own queue, so that a worker only takes jobs whose model it has. */
export function queueNameOf(model: string): string {
  return `${PREFIX}${model}`;
}

/** The dead letter queue: jobs without attempts left. */
const GIVEN_UP_QUEUE = 'given-up';

/** Ten years. */
const FOREVER_S = 10 * 365 * 24 * 60 * 60;

/** The outcome of a job is in our own table. The supervisor counts all entries each second, so those of jobs that have ended go soon. */
const ENDED_S = 60;

/**
 * A dead worker is detected by its missing heartbeat: within `heartbeatSeconds` plus one run of the supervisor, which
 * `monitorIntervalSeconds` (a minute by default) limits as well as `superviseIntervalSeconds`.
 */
const bossSettings = {
  schema: 'pgboss',
  application_name: 'easel queue',
  useListenNotify: true,
  superviseIntervalSeconds: 1,
  monitorIntervalSeconds: 1,
  // Of what is deleted; a day by default.
  maintenanceIntervalSeconds: 30,
  schedule: false,
  max: 4,
} as const satisfies ConstructorOptions;

/** Of a model's queue. */
const modelQueue = {
  notify: true,
  retryLimit: 2,
  retryDelay: 0,
  heartbeatSeconds: 10,
  // The janitor ends jobs that were queued for too long; the queue trusts the system clock and must not delete them.
  retentionSeconds: FOREVER_S,
  deleteAfterSeconds: ENDED_S,
} as const satisfies Omit<Queue, 'name'>;

/** Of the dead letter queue: ending such a job is retried for hours, should the database be in trouble. */
const givenUpQueue = {
  retryLimit: 100,
  retryDelay: 1,
  retryBackoff: true,
  retryDelayMax: 300,
  retentionSeconds: FOREVER_S,
  deleteAfterSeconds: ENDED_S,
} as const satisfies Omit<Queue, 'name'>;

/** A larger limit per account counts as this one. */
const LARGEST_LIMIT = 64;

/**
 * A retry is not announced, so polling has to find it. The limit per account is a tier named by its number: pg-boss skips jobs of
 * accounts that are at their limit instead of waiting for them.
 */
function workOptions(jobsPerAccount: number) {
  const limits = Array.from({ length: LARGEST_LIMIT }, (_, index) => [`${index + 1}`, index + 1]);
  return {
    includeMetadata: true,
    pollingIntervalSeconds: 1,
    notifyPollingIntervalSeconds: 5,
    groupConcurrency: { default: jobsPerAccount, tiers: Object.fromEntries(limits) },
  } as const satisfies WorkOptions;
}

/** The tier of a limit; undefined: the server's default applies. */
function tierOf(maxConcurrent: number | null): string | undefined {
  return maxConcurrent === null ? undefined : `${Math.min(maxConcurrent, LARGEST_LIMIT)}`;
}

export interface PgBossQueueOptions {
  readonly connection: DatabaseOptions;
  /** The models that jobs may name. */
  readonly models: readonly string[];
  /** Jobs of one account that may run at the same time, for accounts without a limit of their own. */
  readonly jobsPerAccount: number;
  /** Errors after which the queue recovers by itself, such as a lost connection. */
  readonly onError: (error: unknown) => void;
  /** What the operator should look at, such as a database that does not deliver notifications. */
  readonly onWarning?: (message: string) => void;
}

/** The queue in PostgreSQL, by pg-boss: a job enters and leaves it in the same transaction as everything else about it. */
export class PgBossQueue implements JobQueue {
  readonly #boss: PgBoss;
  readonly #options: PgBossQueueOptions;
  readonly #workers: QueueWorker[] = [];
  #isPaused = false;
  /** Their queues. */
  readonly #held = new Set<string>();

  constructor(options: PgBossQueueOptions) {
    this.#options = options;
    this.#boss = new PgBoss({ ...bossSettings, ...options.connection });
    // Without a listener an 'error' event ends the process.
    this.#boss.on('error', options.onError);
    this.#boss.on('warning', ({ message }) => options.onWarning?.(message));
  }

  /** Creates the queue's tables and missing queues. */
  async start(): Promise<void> {
    await this.#boss.start();
    await this.#boss.createQueue(GIVEN_UP_QUEUE, givenUpQueue);
    for (const model of this.#options.models) {
      const settings = { ...modelQueue, deadLetter: GIVEN_UP_QUEUE };
      await this.#boss.createQueue(queueNameOf(model), settings);
      // An existing queue keeps the settings of the version that created it.
      await this.#boss.updateQueue(queueNameOf(model), settings);
    }
  }

  async enqueue(queries: Queries, entries: readonly QueueEntry[]): Promise<void> {
    for (const [model, own] of Map.groupBy(entries, (entry) => entry.model)) {
      const jobs = own.map(({ jobId, accountId, priority, expireInSeconds, maxConcurrent }) => {
        const tier = tierOf(maxConcurrent);
        const group = { id: accountId, ...(tier !== undefined && { tier }) };
        return { id: jobId, data: { jobId }, priority, expireInSeconds, group };
      });
      await this.#boss.insert(queueNameOf(model), jobs, within(queries));
    }
  }

  async cancel(queries: Queries, model: string, jobId: string): Promise<void> {
    await this.#boss.cancel(queueNameOf(model), jobId, within(queries));
  }

  /** pg-boss itself edits one job with a statement. */
  async setPriorities(queries: Queries, model: string, jobs: readonly EntryPriority[]): Promise<void> {
    const ids = jobs.map(({ jobId }) => jobId);
    const priorities = jobs.map(({ priority }) => priority);
    await fromKysely(queries).executeSql(
      `update ${bossSettings.schema}.job as job set priority = wanted.priority
      from unnest($2::uuid[], $3::integer[]) as wanted (id, priority)
      where job.name = $1 and job.id = wanted.id and job.state < 'active'`,
      [queueNameOf(model), ids, priorities],
    );
  }

  async contains(queries: Queries, model: string, jobIds: readonly string[]): Promise<ReadonlySet<string>> {
    const held = new Set<string>();
    for (const id of jobIds) {
      const found = await this.#boss.findJobs(queueNameOf(model), { id, ...within(queries) });
      if (found.some(({ state }) => state === 'created' || state === 'retry' || state === 'active')) held.add(id);
    }
    return held;
  }

  async work({ model, onJob }: Working): Promise<void> {
    const worker = new QueueWorker(this.#boss, {
      queue: queueNameOf(model),
      options: workOptions(this.#options.jobsPerAccount),
      onJob,
    });
    this.#workers.push(worker);
    if (this.#takes(worker)) await worker.start();
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
    for (const worker of this.#workers) if (this.#takes(worker)) await worker.start();
  }

  async hold(model: string, isHeld: boolean): Promise<void> {
    const queue = queueNameOf(model);
    if (isHeld === this.#held.has(queue)) return;
    if (isHeld) this.#held.add(queue);
    else this.#held.delete(queue);
    const own = this.#workers.filter((worker) => worker.queue === queue);
    for (const worker of own) await (this.#takes(worker) ? worker.start() : worker.pause());
  }

  #takes({ queue }: QueueWorker): boolean {
    return !this.#isPaused && !this.#held.has(queue);
  }

  async probe(model: string): Promise<void> {
    const queue = await this.#boss.getQueue(queueNameOf(model));
    if (queue === null) throw new Error(`the queue of ${model} is missing; restart a server to create it`);
  }

  async stopWork({ drainMs }: { readonly drainMs: number }): Promise<void> {
    await Promise.all(this.#workers.splice(0).map((worker) => worker.stop(drainMs)));
  }

  async stop(): Promise<void> {
    await this.stopWork({ drainMs: 0 });
    await this.#boss.stop({ graceful: true, timeout: 5000 });
  }
}

interface QueueWorkerOptions {
  readonly queue: string;
  readonly options: ReturnType<typeof workOptions>;
  readonly onJob: (job: ClaimedJob) => Promise<unknown>;
}

/** Runs the jobs of one queue, one at a time. */
class QueueWorker {
  readonly #boss: PgBoss;
  readonly #options: QueueWorkerOptions;
  readonly #handingBack = new AbortController();
  #id: string | undefined;

  constructor(boss: PgBoss, options: QueueWorkerOptions) {
    this.#boss = boss;
    this.#options = options;
  }

  get queue(): string {
    return this.#options.queue;
  }

  async start(): Promise<void> {
    if (this.#id !== undefined) return;
    const { queue, options } = this.#options;
    this.#id = await this.#boss.work(queue, options, (jobs: JobWithMetadata[]) => this.#handleAll(jobs));
  }

  /** The running job continues. */
  async pause(): Promise<void> {
    const id = this.#id;
    this.#id = undefined;
    if (id !== undefined) await this.#boss.offWork(this.#options.queue, { id, wait: false });
  }

  /** Resolves when no job is running any more and the queue knows the outcome of each. */
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
      // Otherwise the next job would wait for the next poll.
      if (this.#id !== undefined) this.#boss.notifyWorker(this.#id);
    }
  }

  #claimed(job: JobWithMetadata): ClaimedJob {
    return {
      jobId: job.id,
      signal: AbortSignal.any([job.signal, this.#handingBack.signal]),
      isLastAttempt: job.retryCount >= job.retryLimit,
      handBack: (queries) => this.#handBack(queries, job),
    };
  }

  /** In pg-boss, cancel plus resume puts a claimed job back; the next claim counts as an attempt, hence one more retry. */
  async #handBack(queries: Queries, { id, retryCount, retryLimit }: JobWithMetadata): Promise<void> {
    const { queue } = this.#options;
    const connection = within(queries);
    await this.#boss.cancel(queue, { id, retryCount }, connection);
    await this.#boss.resume(queue, id, connection);
    await this.#boss.update(queue, undefined, { id, retryLimit: retryLimit + 1, ...connection });
  }
}

/** Runs pg-boss's own queries in the transaction. */
function within(queries: Queries): ConnectionOptions {
  return { db: fromKysely(queries) };
}
