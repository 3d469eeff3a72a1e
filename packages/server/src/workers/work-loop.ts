import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { fullText, isCodedError } from '@easel/errors';
import { modelsWithQueuedJobs } from '../jobs/admission.ts';
import { attemptsUsedUp, failJob } from '../jobs/ends-of-jobs.ts';
import { WORKER_SILENCE_MS } from '../jobs/live-engines.ts';
import { announceReview, isQueuePaused, isReviewDemanded } from '../jobs/queue-control.ts';
import { deviceLabel, learnSpeed, lockSpeed, saveSpeed } from '../jobs/speed.ts';
import type { ClaimedJob } from '../queue/job-queue.ts';
import { type RunOutcome, runJob, type WorkerContext } from './run-job.ts';
import { deleteWorker, saveWorker, type WorkerRecord, type WorkerState, workersSeenWithin } from './workers-table.ts';

/** Several times within `WORKER_SILENCE_MS`. */
const HEARTBEAT_MS = 2000;
/** Before a model that failed to start is retried. */
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;

/** Is told about errors after which the worker retries. */
type Report = (error: unknown, message: string) => void;

/** What keeps a worker from taking jobs. */
type Obstacle = Exclude<RunOutcome, 'done'>;

const UNREVIEWED =
  'other processes review pictures (reviewHook) and this worker does not, so it takes no jobs; set reviewHook here, too';

/** An engine of the painter. */
interface WhichEngine {
  readonly model: string;
  /** Among those of its model. */
  readonly index: number;
  readonly card: number | null;
}

/** A worker: warms up its models, runs jobs, and publishes its heartbeat. */
export class WorkLoop {
  readonly #context: WorkerContext;
  readonly #report: Report;
  readonly #stopping = new AbortController();
  readonly #startedAt: Date;
  readonly #warmsUp: boolean;
  readonly #running = new Set<string>();
  /** The models of which it takes jobs. */
  readonly #taken = new Set<string>();
  /** Why an engine could not be started, until one of that model takes jobs. */
  readonly #startProblems = new Map<string, string>();
  /** Why no jobs are taken at the moment. */
  readonly #obstacles = new Set<Obstacle>();
  /** The last pause or resume. */
  #switching: Promise<unknown> = Promise.resolve();
  #watch: Disposable | undefined;
  #loops: Promise<unknown> = Promise.resolve();

  /** @param warmUp whether each engine makes a picture before it takes jobs */
  constructor(context: WorkerContext, report: Report, { warmUp = true }: { readonly warmUp?: boolean } = {}) {
    this.#context = context;
    this.#report = report;
    this.#warmsUp = warmUp;
    this.#startedAt = context.clock.now();
  }

  /** Resolves when the worker is registered; its models become ready one after another. */
  async start(): Promise<void> {
    const { queue, bus } = this.#context;
    await this.#beat();
    this.#watch = bus.onQueueChange(() => {
      void this.#readPause().catch((error: unknown) => this.#report(error, 'the state of the queue could not be read'));
    });
    await queue.onGivenUp(async (jobId) => {
      await failJob(this.#context, { jobId }, attemptsUsedUp);
    });
    this.#loops = Promise.all([this.#takeJobs(), this.#keepBeating()]);
  }

  /** Finishes running jobs within `drainMs`, or hands them back. */
  async stop(drainMs: number): Promise<void> {
    const { queue, database, workerId } = this.#context;
    this.#stopping.abort();
    this.#watch?.[Symbol.dispose]();
    await this.#loops;
    await queue.stopWork({ drainMs });
    await database.transaction((queries) => deleteWorker(queries, workerId));
  }

  /** One engine after another is started, so that they do not slow each other down; one that fails keeps none of the others waiting. */
  async #takeJobs(): Promise<void> {
    const retrying: Promise<void>[] = [];
    for (const [model, engines] of Map.groupBy(this.#context.painter.engines(), (engine) => engine.model)) {
      for (const [index, { card }] of engines.entries()) {
        const engine = { model, index, card };
        if (!(await this.#takeJobsWith(engine))) retrying.push(this.#retry(engine));
      }
    }
    await Promise.all(retrying);
  }

  /** Each engine of a model that is ready, and needed, means one more job of it at a time. @returns false when it could not be started */
  async #takeJobsWith({ model, index, card }: WhichEngine): Promise<boolean> {
    const { queue, painter } = this.#context;
    const { signal } = this.#stopping;
    try {
      signal.throwIfAborted();
      if (!(await painter.isNeeded(model, index, signal))) return true;
      if (this.#warmsUp) await this.#warmUp(model, index);
      await queue.work({ model, onJob: (job) => this.#run(job) });
      this.#taken.add(model);
      this.#startProblems.delete(model);
      return true;
    } catch (error) {
      const where = card === null ? '' : ` on graphics card ${card}`;
      if (this.#stopping.signal.aborted) return false;
      this.#report(error, `the model ${model} could not be started${where}; retrying`);
      if (!this.#taken.has(model)) this.#startProblems.set(model, `${model} cannot be started: ${causeOf(error)}`);
      return false;
    }
  }

  async #retry(engine: WhichEngine): Promise<void> {
    const { signal } = this.#stopping;
    for (let pause = FIRST_PAUSE_MS; !signal.aborted; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      await sleep(pause, undefined, { signal }).catch(() => {});
      if (await this.#takeJobsWith(engine)) return;
    }
  }

  async #warmUp(model: string, index: number): Promise<void> {
    const { painter, database } = this.#context;
    const painting = await painter.warmUp(model, index, this.#stopping.signal);
    const [image] = painting.images;
    if (image === undefined) return;
    // A first estimate, until there are real jobs.
    await database.transaction(async (queries) => {
      const key = { model, profile: painting.profile, device: deviceLabel(painting.device) };
      if ((await lockSpeed(queries, key)) !== null) return;
      await saveSpeed(queries, key, learnSpeed(null, painting, image));
    });
  }

  async #run(job: ClaimedJob): Promise<void> {
    this.#running.add(job.jobId);
    try {
      const outcome = await runJob(this.#context, job);
      if (outcome !== 'done') await this.#setObstacle(outcome, true);
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
        this.#report(error, 'the heartbeat of this worker could not be written; retrying'),
      );
    }
  }

  async #beat(): Promise<void> {
    const { workerId, database, painter, storage, queue, hook } = this.#context;
    // Not awaited: a store that does not answer must not make this worker seem lost.
    if (storage.problem !== null)
      void storage.check().catch((error: unknown) => this.#report(error, 'the storage could not be checked'));
    const modelMemory = await painter.memory();
    const { isPaused, isUnreviewed, others, waiting } = await database.transaction(async (queries) => {
      if (hook !== null) await announceReview(queries);
      const unreviewed = hook === null && (await isReviewDemanded(queries));
      await saveWorker(queries, {
        id: workerId,
        hostname: hostname(),
        pid: process.pid,
        models: painter.models().map(({ slug }) => slug),
        startedAt: this.#startedAt,
        state: this.#state(),
        problem: storage.problem ?? (unreviewed ? UNREVIEWED : (this.#startProblems.values().next().value ?? null)),
        runningJob: this.#running.values().next().value ?? null,
        modelMemory,
        engines: painter.engines(),
      });
      const alive = await workersSeenWithin(queries, WORKER_SILENCE_MS);
      return {
        isPaused: await isQueuePaused(queries),
        isUnreviewed: unreviewed,
        others: alive.filter(({ id }) => id !== workerId),
        waiting: await modelsWithQueuedJobs(queries),
      };
    });
    for (const model of this.#taken) {
      await queue.hold(model, !modelMemory.has(model) && !waiting.has(model) && others.some(isReadyFor(model)));
    }
    await this.#setObstacle('no-storage', storage.problem !== null);
    await this.#setObstacle('paused', isPaused);
    await this.#setObstacle('no-review', isUnreviewed);
  }

  async #readPause(): Promise<void> {
    await this.#setObstacle('paused', await this.#context.database.transaction(isQueuePaused));
  }

  /** No jobs are taken while there is an obstacle. */
  #setObstacle(obstacle: Obstacle, isThere: boolean): Promise<unknown> {
    const apply = async () => {
      const { queue } = this.#context;
      const wasFree = this.#obstacles.size === 0;
      if (obstacle === 'no-review' && isThere && !this.#obstacles.has(obstacle)) this.#report(undefined, UNREVIEWED);
      if (isThere) this.#obstacles.add(obstacle);
      else this.#obstacles.delete(obstacle);
      const isFree = this.#obstacles.size === 0;
      if (isFree !== wasFree) await (isFree ? queue.resume() : queue.pause());
    };
    this.#switching = this.#switching.then(apply, apply);
    return this.#switching;
  }

  #state(): WorkerState {
    const { painter } = this.#context;
    if (this.#running.size > 0) return 'busy';
    return painter.models().every(({ slug }) => this.#taken.has(slug)) ? 'idle' : 'starting';
  }
}

/**
 * Whether a worker that has the model in memory waits for jobs of it. One that would have to load it leaves new jobs to that one, until
 * its next heartbeat finds one still in the queue.
 */
function isReadyFor(model: string): (worker: WorkerRecord) => boolean {
  return ({ state, problem, modelMemory }) => state === 'idle' && problem === null && modelMemory.has(model);
}

/** For whoever runs the server: the engine's own message, which clients are not told. */
function causeOf(error: unknown): string {
  const cause = error instanceof Error && isCodedError(error.cause) ? error.cause : error;
  return isCodedError(cause) ? fullText(cause) : String(cause);
}
