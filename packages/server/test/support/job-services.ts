import { defaultTariff, type Tariff } from '@easel/contract';
import { type Clock, systemClock } from '../../src/clock.ts';
import type { Database, DatabaseAddress } from '../../src/database/database.ts';
import { newId } from '../../src/ids.ts';
import type { Submission } from '../../src/jobs/admit-jobs.ts';
import { attemptsUsedUp, cancelJob, cancelJobsOfKey, failJob } from '../../src/jobs/ends-of-jobs.ts';
import { EventBus } from '../../src/jobs/event-bus.ts';
import type { DraftSettings, JobContext, JobDetails } from '../../src/jobs/job.ts';
import { JobFeed } from '../../src/jobs/job-feed.ts';
import { forgetJob, getJob, getPictures, listJobs, setFavourite } from '../../src/jobs/job-views.ts';
import type { JobFilter } from '../../src/jobs/jobs-table.ts';
import { pauseQueue, readQueueState, resumeQueue } from '../../src/jobs/queue-control.ts';
import { JobSubmitter } from '../../src/jobs/submit-job.ts';
import type { Painter } from '../../src/models/painter.ts';
import type { ReviewHook } from '../../src/models/review.ts';
import type { EndedJob } from '../../src/observability/metrics.ts';
import { noTracer } from '../../src/observability/tracing.ts';
import { FileImageStore } from '../../src/pictures/file-image-store.ts';
import { ImageLibrary } from '../../src/pictures/image-library.ts';
import { StartImages } from '../../src/pictures/start-images.ts';
import { StorageWatch } from '../../src/pictures/storage-watch.ts';
import type { ClaimedJob } from '../../src/queue/job-queue.ts';
import { PgBossQueue } from '../../src/queue/pg-boss-queue.ts';
import { Janitor } from '../../src/workers/janitor.ts';
import { runJob, type WorkerContext } from '../../src/workers/run-job.ts';
import { WorkLoop } from '../../src/workers/work-loop.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

const retention = { imagesMs: 7 * DAY_MS, requestsMs: 30 * DAY_MS, undeliveredMs: 60 * 60 * 1000 };

export interface LoggedLine {
  readonly level: string;
  readonly message: string;
  readonly jobId: string;
  readonly details: JobDetails | undefined;
}

export interface JobServicesOptions {
  readonly address: DatabaseAddress;
  readonly database: Database;
  /** Where pictures are kept. */
  readonly folder: string;
  readonly models?: readonly string[];
  readonly jobsPerAccount?: number;
  readonly queueLength?: number;
  readonly queuedPerAccount?: number;
  readonly clock?: Clock;
  /** Which drafts are made; absent: those of any model that has been measured, as many as one likes. */
  readonly drafts?: Partial<DraftSettings>;
  /** Prices of models of their own. */
  readonly rates?: Tariff['models'];
}

/** The services of jobs over a real database, queue and folder, as one process of the server has them. */
export async function startJobServices(options: JobServicesOptions) {
  const { address, database, folder, models = ['demo'], jobsPerAccount = 100, clock = systemClock } = options;
  const { queueLength = 1000, queuedPerAccount = 1000 } = options;
  const errors: unknown[] = [];
  const onError = (error: unknown) => errors.push(error);
  const connection = 'url' in address ? { connectionString: address.url } : address;
  const queue = new PgBossQueue({ connection, models, jobsPerAccount, onError, onWarning: onError });
  const bus = new EventBus({ database, address, onConnectionLost: onError });
  await queue.start();
  await bus.start();
  const store = await FileImageStore.open(folder);
  const problems: (string | null)[] = [];
  const storage = new StorageWatch({ store, onChange: (problem) => problems.push(problem) });
  const lines: LoggedLine[] = [];
  const counted: EndedJob[] = [];
  const drafted: EndedJob['state'][] = [];
  const library = new ImageLibrary({ database, store, clock, onDamage: onError });
  const context: JobContext = {
    database,
    queue,
    startImages: new StartImages({ store, storage }),
    library,
    clock,
    tariff: { ...defaultTariff, profiles: { int8: '0.5', fast: '0.25' }, models: options.rates ?? {} },
    limits: { queueLength, queuedPerAccount },
    drafts: { maxSeconds: 3600, perMinute: 1000, areReviewed: false, ...options.drafts },
    retention,
    publicUrl: null,
    jobLog: (level, message, { id }, details) => lines.push({ level, message, jobId: id, details }),
    metrics: {
      jobEnded: (job) => counted.push(job),
      draftEnded: (_model, state) => drafted.push(state),
      stepsDone: () => {},
    },
    tracer: noTracer,
  };
  const reports: string[] = [];
  const newJanitor = () =>
    new Janitor(context, { store, report: (level, message) => reports.push(`${level}: ${message}`) });

  return {
    ...actionsOf(context),
    ...context,
    context,
    database,
    library,
    bus,
    store,
    storage,
    errors,
    /** What went wrong with the storage, as it was told; null: it was well again. */
    problems,
    /** What was logged of jobs. */
    lines,
    /** What the metrics were told of the ends of jobs. */
    counted,
    /** The same of the ends of drafts. */
    drafted,
    feed: new JobFeed({ database, clock, bus }),
    janitor: newJanitor(),
    /** As a process has it that has just started. */
    newJanitor,
    /** What janitors were kept from. */
    reports,

    /** The worker's side, with a painter and a hook of the caller's. */
    worker(painter: Painter, hook: ReviewHook | null = null, workerId: string = newId()) {
      const worker: WorkerContext = { ...context, workerId, bus, painter, store, storage, hook };
      return {
        id: workerId,
        run: (claimed: ClaimedJob) => runJob(worker, claimed),
        loop: new WorkLoop(worker, onError),
      };
    },

    async stop(): Promise<void> {
      await queue.stop();
      await bus.close();
    },
  };
}

function actionsOf(context: JobContext) {
  const submitter = new JobSubmitter(context);
  return {
    submitJob: (submission: Submission) => submitter.submit(submission),
    checkSubmission: (submission: Submission) => submitter.check(submission),
    cancelJob: (accountId: string | null, jobId: string) => cancelJob(context, accountId, jobId),
    cancelJobsOfKey: (keyId: string) => cancelJobsOfKey(context, keyId),
    giveUpJob: (jobId: string) => failJob(context, { jobId }, attemptsUsedUp),
    forgetJob: (accountId: string, jobId: string) => forgetJob(context, accountId, jobId),
    jobs: {
      get: (accountId: string | null, jobId: string) => getJob(context, accountId, jobId),
      list: (filter: JobFilter) => listJobs(context, filter),
      setFavourite: (accountId: string, jobId: string, favourite: boolean) =>
        setFavourite(context, accountId, jobId, favourite),
      ofImages: (accountId: string, names: readonly string[]) => getPictures(context, accountId, names),
    },
    control: {
      state: () => readQueueState(context),
      pause: () => pauseQueue(context),
      resume: () => resumeQueue(context),
    },
  };
}

export type JobServices = Awaited<ReturnType<typeof startJobServices>>;
