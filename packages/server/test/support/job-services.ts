import { defaultTariff } from '@easel/contract';
import { type Clock, systemClock } from '../../src/clock.ts';
import type { Database, DatabaseAddress } from '../../src/database/database.ts';
import { queriesOf } from '../../src/database/transaction.ts';
import { newId } from '../../src/ids.ts';
import { CancelJob } from '../../src/jobs/cancel-job.ts';
import { PostgresEventBus } from '../../src/jobs/event-bus.ts';
import { eventsInPostgres } from '../../src/jobs/events-sql.ts';
import { FailJob } from '../../src/jobs/fail-job.ts';
import { FinishJob } from '../../src/jobs/finish-job.ts';
import { idempotencyInPostgres } from '../../src/jobs/idempotency-sql.ts';
import { JobFeed } from '../../src/jobs/job-feed.ts';
import type { JobDetails, JobLog } from '../../src/jobs/job-log-port.ts';
import { JobQueries } from '../../src/jobs/job-queries.ts';
import { jobsInPostgres } from '../../src/jobs/jobs-sql.ts';
import { QueueOutlook } from '../../src/jobs/queue-outlook.ts';
import { RevokedKeys } from '../../src/jobs/revoked-keys.ts';
import { settingsInPostgres } from '../../src/jobs/settings-sql.ts';
import { SubmitJob } from '../../src/jobs/submit-job.ts';
import { turnsInPostgres } from '../../src/jobs/turns-sql.ts';
import type { Painter } from '../../src/models/painter.ts';
import type { ReviewHook } from '../../src/models/review.ts';
import { FileImageStore } from '../../src/pictures/file-image-store.ts';
import { ImageLibrary } from '../../src/pictures/image-library.ts';
import { StartPictures } from '../../src/pictures/start-pictures.ts';
import { StorageWatch } from '../../src/pictures/storage-watch.ts';
import { PgBossQueue } from '../../src/queue/pg-boss-queue.ts';
import { Janitor } from '../../src/workers/janitor.ts';
import { RunJob } from '../../src/workers/run-job.ts';
import { WorkLoop } from '../../src/workers/work-loop.ts';
import { workersInPostgres } from '../../src/workers/workers-sql.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

const retention = { imagesMs: 7 * DAY_MS, requestsMs: 30 * DAY_MS, undeliveredMs: 60 * 60 * 1000 };

export const repositories = {
  jobs: jobsInPostgres,
  idempotency: idempotencyInPostgres,
  events: eventsInPostgres,
  workers: workersInPostgres,
  settings: settingsInPostgres,
  turns: turnsInPostgres,
};

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
}

/** The services of jobs over a real database, queue and folder, as one process of the server has them. */
export async function startJobServices(options: JobServicesOptions) {
  const { address, database, folder, models = ['demo'], jobsPerAccount = 100, clock = systemClock } = options;
  const { queueLength = 1000, queuedPerAccount = 1000 } = options;
  const errors: unknown[] = [];
  const onError = (error: unknown) => errors.push(error);
  const connection = 'url' in address ? { connectionString: address.url } : address;
  const queue = new PgBossQueue({ connection, models, jobsPerAccount, queriesOf, onError, onWarning: onError });
  const bus = new PostgresEventBus({ database, address, onConnectionLost: onError });
  await queue.start();
  await bus.start();
  const store = await FileImageStore.open(folder);
  const problems: (string | null)[] = [];
  const storage = new StorageWatch({ store, onChange: (problem) => problems.push(problem) });
  const lines: LoggedLine[] = [];
  const jobLog: JobLog = (level, message, { id }, details) => lines.push({ level, message, jobId: id, details });
  const outlook = new QueueOutlook({ ...repositories, clock });
  const base = {
    ...repositories,
    database,
    queue,
    bus,
    store,
    storage,
    startPictures: new StartPictures({ store, storage }),
    jobLog,
    onDamage: onError,
    clock,
    retention,
    outlook,
  };
  const failJob = new FailJob(base);
  const finishJob = new FinishJob(base);
  const cancelJob = new CancelJob(base);
  const revokedKeys = new RevokedKeys({ ...base, cancelJob });
  const reports: string[] = [];
  const newJanitor = () =>
    new Janitor({ ...base, failJob, revokedKeys, report: (level, message) => reports.push(`${level}: ${message}`) });

  return {
    ...base,
    errors,
    /** What went wrong with the storage, as it was told; null: it was well again. */
    problems,
    /** What was logged of jobs. */
    lines,
    failJob,
    finishJob,
    submitJob: new SubmitJob({ ...base, tariff: defaultTariff, queueLength, queuedPerAccount }),
    cancelJob,
    revokedKeys,
    queries: new JobQueries(base),
    feed: new JobFeed(base),
    library: new ImageLibrary(base),
    janitor: newJanitor(),
    /** As a process has it that has just started. */
    newJanitor,
    /** What janitors were kept from. */
    reports,

    /** The worker's side, with a painter and a hook of the caller's. */
    worker(painter: Painter, hook: ReviewHook | null = null, workerId: string = newId()) {
      const report = onError;
      const runJob = new RunJob({ ...base, workerId, painter, hook, finishJob, failJob });
      const own = { workerId, hostname: 'test', pid: process.pid, painter, runJob, failJob, report };
      return { runJob, loop: new WorkLoop({ ...base, ...own }) };
    },

    async stop(): Promise<void> {
      await queue.stop();
      await bus.close();
    },
  };
}

export type JobServices = Awaited<ReturnType<typeof startJobServices>>;
