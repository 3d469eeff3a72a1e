import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../clock.ts';
import type { Database } from '../database/database.ts';
import type { EventBus } from '../jobs/events-port.ts';
import type { FailJob } from '../jobs/fail-job.ts';
import type { Settings } from '../jobs/settings-port.ts';
import { learnSpeed } from '../jobs/speed.ts';
import type { Painter } from '../models/painter.ts';
import type { StorageWatch } from '../pictures/storage-watch.ts';
import type { JobQueue } from '../queue/job-queue.ts';
import type { RunJob } from './run-job.ts';
import type { WorkerState, Workers } from './workers-port.ts';

/** Several times within `WORKER_SILENCE_MS`. */
const HEARTBEAT_MS = 2000;
/** Before a model that did not start is tried again. */
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;

export interface WorkLoopParts {
  readonly workerId: string;
  readonly hostname: string;
  readonly pid: number;
  readonly database: Database;
  readonly workers: Workers;
  readonly settings: Settings;
  readonly queue: JobQueue;
  readonly bus: EventBus;
  readonly storage: StorageWatch;
  readonly painter: Painter;
  readonly runJob: Pick<RunJob, 'run'>;
  readonly failJob: FailJob;
  readonly clock: Clock;
  /** Told of what goes wrong and is tried again. */
  readonly report: (error: unknown, message: string) => void;
}

/** What keeps a worker from taking jobs. */
type Obstacle = 'paused' | 'no-storage';

/** A worker's life: it makes its models ready, takes jobs, and tells that it lives. */
export class WorkLoop {
  readonly #parts: WorkLoopParts;
  readonly #stopping = new AbortController();
  readonly #startedAt: Date;
  readonly #running = new Set<string>();
  /** Why no jobs are taken now. */
  readonly #obstacles = new Set<Obstacle>();
  #following: Promise<unknown> = Promise.resolve();
  #watch: Disposable | undefined;
  #living: Promise<unknown> = Promise.resolve();

  constructor(parts: WorkLoopParts) {
    this.#parts = parts;
    this.#startedAt = parts.clock.now();
  }

  /** Resolves when the worker is known to the others; its models become ready one after another. */
  async start(): Promise<void> {
    const { queue, bus, failJob, report } = this.#parts;
    await this.#beat();
    this.#watch = bus.onQueueChange(() => {
      void this.#lookAtQueue().catch((error: unknown) => report(error, 'the state of the queue could not be read'));
    });
    await queue.onGivenUp(async (jobId) => {
      await failJob.giveUp(jobId);
    });
    this.#living = Promise.all([this.#takeJobs(), this.#keepBeating()]);
  }

  /** Finishes the jobs under way within `drainMs`, or hands them to other workers. */
  async stop(drainMs: number): Promise<void> {
    const { queue, database, workers, workerId } = this.#parts;
    this.#stopping.abort();
    this.#watch?.[Symbol.dispose]();
    await this.#living;
    await queue.stopWork({ drainMs });
    await database.transaction((transaction) => workers.remove(transaction, workerId));
  }

  async #takeJobs(): Promise<void> {
    for (const { slug } of this.#parts.painter.models()) {
      if (!(await this.#makeReady(slug))) return;
      await this.#parts.queue.work({ model: slug, onJob: (job) => this.#run(job) });
    }
  }

  /** @returns false when the worker is being stopped */
  async #makeReady(model: string): Promise<boolean> {
    const { signal } = this.#stopping;
    for (let pause = FIRST_PAUSE_MS; !signal.aborted; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      try {
        await this.#warmUp(model);
        return true;
      } catch (error) {
        if (signal.aborted) return false;
        this.#parts.report(error, `the model ${model} could not be made ready; trying again`);
        await sleep(pause, undefined, { signal }).catch(() => {});
      }
    }
    return false;
  }

  async #warmUp(model: string): Promise<void> {
    const { painter, database, settings } = this.#parts;
    const painting = await painter.warmUp(model, this.#stopping.signal);
    const [image] = painting.images;
    if (image === undefined) return;
    // A first guess; real jobs know better.
    await database.transaction(async (transaction) => {
      if ((await settings.lockSpeed(transaction, model)) !== null) return;
      await settings.setSpeed(transaction, model, learnSpeed(null, painting, image));
    });
  }

  async #run(job: Parameters<RunJob['run']>[0]): Promise<void> {
    this.#running.add(job.jobId);
    try {
      const outcome = await this.#parts.runJob.run(job);
      if (outcome !== 'done') await this.#meet(outcome, true);
    } finally {
      this.#running.delete(job.jobId);
    }
  }

  async #keepBeating(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await sleep(HEARTBEAT_MS, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      await this.#beat().catch((error: unknown) =>
        this.#parts.report(error, 'the sign of life of this worker could not be written; trying again'),
      );
    }
  }

  async #beat(): Promise<void> {
    const { workerId, hostname, pid, database, workers, settings, painter, storage, clock } = this.#parts;
    if (storage.problem !== null) await storage.check();
    const modelMemory = await painter.memory();
    const isPaused = await database.transaction(async (transaction) => {
      await workers.put(transaction, {
        id: workerId,
        hostname,
        pid,
        models: painter.models().map(({ slug }) => slug),
        startedAt: this.#startedAt,
        seenAt: clock.now(),
        state: this.#state(),
        problem: storage.problem,
        runningJob: this.#running.values().next().value ?? null,
        modelMemory,
      });
      return settings.isPaused(transaction);
    });
    await this.#meet('no-storage', storage.problem !== null);
    await this.#meet('paused', isPaused);
  }

  async #lookAtQueue(): Promise<void> {
    const { database, settings } = this.#parts;
    await this.#meet('paused', await database.transaction((transaction) => settings.isPaused(transaction)));
  }

  /** Takes no jobs while there is an obstacle. */
  #meet(obstacle: Obstacle, isThere: boolean): Promise<unknown> {
    const follow = async () => {
      const { queue } = this.#parts;
      const wasFree = this.#obstacles.size === 0;
      if (isThere) this.#obstacles.add(obstacle);
      else this.#obstacles.delete(obstacle);
      const isFree = this.#obstacles.size === 0;
      if (isFree !== wasFree) await (isFree ? queue.resume() : queue.pause());
    };
    this.#following = this.#following.then(follow, follow);
    return this.#following;
  }

  #state(): WorkerState {
    const { painter } = this.#parts;
    if (this.#running.size > 0) return 'busy';
    return painter.models().every(({ slug }) => painter.isReady(slug)) ? 'idle' : 'starting';
  }
}
