import { defaultTariff } from '@easel/contract';
import type { DatabaseAddress } from '../../src/db/connection.ts';
import { PostgresEventBus } from '../../src/db/event-bus.ts';
import type { OpenedDatabase } from '../../src/db/open-database.ts';
import { eventsInPostgres } from '../../src/db/repositories/events.ts';
import { idempotencyInPostgres } from '../../src/db/repositories/idempotency.ts';
import { jobImagesInPostgres } from '../../src/db/repositories/job-images.ts';
import { jobsInPostgres } from '../../src/db/repositories/jobs.ts';
import { keysInPostgres } from '../../src/db/repositories/keys.ts';
import { ledgerInPostgres } from '../../src/db/repositories/ledger.ts';
import { rateLimitsInPostgres } from '../../src/db/repositories/rate-limits.ts';
import { settingsInPostgres } from '../../src/db/repositories/settings.ts';
import { turnsInPostgres } from '../../src/db/repositories/turns.ts';
import { workersInPostgres } from '../../src/db/repositories/workers.ts';
import { queriesOf } from '../../src/db/transaction.ts';
import { CancelJob } from '../../src/domain/cancel-job.ts';
import { FailJob } from '../../src/domain/fail-job.ts';
import { FinishJob } from '../../src/domain/finish-job.ts';
import { newId } from '../../src/domain/ids.ts';
import { ImageLibrary } from '../../src/domain/image-library.ts';
import { Janitor } from '../../src/domain/janitor.ts';
import { JobFeed } from '../../src/domain/job-feed.ts';
import { JobQueries } from '../../src/domain/job-queries.ts';
import { type Clock, systemClock } from '../../src/domain/ports/clock.ts';
import type { JobDetails, JobLog } from '../../src/domain/ports/job-log.ts';
import type { Painter } from '../../src/domain/ports/painter.ts';
import type { ReviewHook } from '../../src/domain/ports/review-hook.ts';
import { QueueOutlook } from '../../src/domain/queue-outlook.ts';
import { ReviewPictures } from '../../src/domain/review-pictures.ts';
import { RevokedKeys } from '../../src/domain/revoked-keys.ts';
import { RunJob } from '../../src/domain/run-job.ts';
import { StartPictures } from '../../src/domain/start-pictures.ts';
import { StorageWatch } from '../../src/domain/storage-watch.ts';
import { SubmitJob } from '../../src/domain/submit-job.ts';
import { WorkLoop } from '../../src/domain/work-loop.ts';
import { PgBossQueue } from '../../src/queue/pg-boss-queue.ts';
import { FileImageStore } from '../../src/storage/file-image-store.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

const retention = { imagesMs: 7 * DAY_MS, requestsMs: 30 * DAY_MS, undeliveredMs: 60 * 60 * 1000 };

export const repositories = {
  jobs: jobsInPostgres,
  images: jobImagesInPostgres,
  idempotency: idempotencyInPostgres,
  events: eventsInPostgres,
  workers: workersInPostgres,
  settings: settingsInPostgres,
  turns: turnsInPostgres,
  ledger: ledgerInPostgres,
  keys: keysInPostgres,
};

export interface LoggedLine {
  readonly level: string;
  readonly message: string;
  readonly jobId: string;
  readonly details: JobDetails | undefined;
}

export interface JobServicesOptions {
  readonly address: DatabaseAddress;
  readonly database: OpenedDatabase;
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
    rateLimits: rateLimitsInPostgres,
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
      const review = new ReviewPictures(hook);
      const runJob = new RunJob({ ...base, workerId, painter, review, finishJob, failJob });
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
