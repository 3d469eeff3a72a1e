import { join } from 'node:path';
import type { Config } from '../config/schema.ts';
import { PostgresEventBus } from '../db/event-bus.ts';
import { migrate } from '../db/migrate.ts';
import { openDatabase } from '../db/open-database.ts';
import { accountsInPostgres } from '../db/repositories/accounts.ts';
import { eventsInPostgres } from '../db/repositories/events.ts';
import { idempotencyInPostgres } from '../db/repositories/idempotency.ts';
import { jobImagesInPostgres } from '../db/repositories/job-images.ts';
import { jobsInPostgres } from '../db/repositories/jobs.ts';
import { keysInPostgres } from '../db/repositories/keys.ts';
import { ledgerInPostgres } from '../db/repositories/ledger.ts';
import { rateLimitsInPostgres } from '../db/repositories/rate-limits.ts';
import { serversInPostgres } from '../db/repositories/servers.ts';
import { settingsInPostgres } from '../db/repositories/settings.ts';
import { turnsInPostgres } from '../db/repositories/turns.ts';
import { workersInPostgres } from '../db/repositories/workers.ts';
import { requireDatabase } from '../db/require-database.ts';
import { queriesOf } from '../db/transaction.ts';
import { CancelJob } from '../domain/cancel-job.ts';
import { FailJob } from '../domain/fail-job.ts';
import { systemClock } from '../domain/ports/clock.ts';
import type { ImageRecord } from '../domain/ports/job-images.ts';
import { QueueOutlook } from '../domain/queue-outlook.ts';
import { RevokedKeys } from '../domain/revoked-keys.ts';
import { StartPictures } from '../domain/start-pictures.ts';
import { StorageWatch } from '../domain/storage-watch.ts';
import { unlessAborted } from '../domain/unless-aborted.ts';
import { EnginePainter } from '../inference/engine-painter.ts';
import type { Logger } from '../observability/logger.ts';
import { PgBossQueue } from '../queue/pg-boss-queue.ts';
import { FileImageStore, prepareImageFolder } from '../storage/file-image-store.ts';
import { createJobLog } from './job-log.ts';
import type { Storage } from './open-storage.ts';
import { servedModels } from './served-models.ts';
import type { Phase } from './shutdown.ts';
import { version } from './version.ts';

const HOUR_MS = 3_600_000;

export interface OpenCoreOptions {
  readonly config: Config;
  readonly storage: Storage;
  readonly log: Logger;
  /**
   * What has to be done at the end, first things first; each part that is opened puts itself in front, so that what is open is closed
   * again when the next part cannot be opened.
   */
  readonly end: Phase[];
  readonly signal: AbortSignal;
}

/** The adapters behind the domain's ports, as every process of the service has them. */
export type Core = Awaited<ReturnType<typeof openCore>>;

/**
 * Connects to the database, brings its schema up to date, and opens queue, events, pictures and models.
 *
 * @throws StartupError for a database that cannot be used, EngineError for a model that would not load, the signal's reason
 */
export async function openCore({ config, storage, log, end, signal }: OpenCoreOptions) {
  const { address } = storage;
  const during = <Value>(step: Promise<Value>) => unlessAborted(step, signal);
  const imagesDir = config.imagesDir ?? join(storage.dataDir, 'images');
  await during(prepareImageFolder(imagesDir, { isOwn: config.imagesDir === null }));
  await requireDatabase(address, signal);
  const onConnectionLost = (error: unknown) => log.warn({ err: error }, 'lost a connection to the database');
  const database = openDatabase({ address, onConnectionLost });
  end.unshift({ name: 'connections', timeoutMs: 5000, run: () => database.close() });
  const migrated = await during(migrate(database.kysely));
  if (migrated.length > 0) log.info({ migrated }, 'the database schema is up to date now');
  const painter = await during(openPainter(config, log));
  end.unshift({ name: 'engine', timeoutMs: 5000, run: () => painter.close() });
  const queue = new PgBossQueue({
    connection: 'url' in address ? { connectionString: address.url } : address,
    models: painter.models().map(({ slug }) => slug),
    jobsPerAccount: config.limits.concurrentPerAccount,
    queriesOf,
    onError: onConnectionLost,
    onWarning: (warning) => log.warn({ warning }, 'the queue warns'),
  });
  end.unshift({ name: 'queue', timeoutMs: 15_000, run: () => queue.stop() });
  await during(queue.start());
  const bus = new PostgresEventBus({ database, address, onConnectionLost });
  end.unshift({ name: 'events', timeoutMs: 5000, run: () => bus.close() });
  await during(bus.start());
  const { imagesSeconds, requestsSeconds } = config.retention;
  const store = await FileImageStore.open(imagesDir);
  const watch = new StorageWatch({ store, onChange: (problem) => tellOfStorage(log, problem) });
  const base = {
    database,
    jobs: jobsInPostgres,
    images: jobImagesInPostgres,
    idempotency: idempotencyInPostgres,
    events: eventsInPostgres,
    workers: workersInPostgres,
    servers: serversInPostgres,
    settings: settingsInPostgres,
    turns: turnsInPostgres,
    ledger: ledgerInPostgres,
    keys: keysInPostgres,
    accounts: accountsInPostgres,
    rateLimits: rateLimitsInPostgres,
    queue,
    bus,
    store,
    storage: watch,
    startPictures: new StartPictures({ store, storage: watch }),
    jobLog: createJobLog(log),
    onDamage: ({ jobId, index }: ImageRecord) =>
      log.error({ jobId, picture: index }, 'the file of a picture is damaged and not shown; restore it from a backup'),
    painter,
    clock: systemClock,
    retention: { imagesMs: imagesSeconds * 1000, requestsMs: requestsSeconds * 1000, undeliveredMs: HOUR_MS },
  };
  const outlook = new QueueOutlook(base);
  const cancelJob = new CancelJob(base);
  return {
    ...base,
    outlook,
    failJob: new FailJob(base),
    revokedKeys: new RevokedKeys({ ...base, cancelJob }),
  };
}

function tellOfStorage(log: Logger, problem: string | null): void {
  if (problem === null) log.info('pictures can be stored again; jobs are taken again');
  else log.error({ problem }, 'pictures cannot be stored; jobs wait until they can, and nothing is charged for them');
}

function openPainter(config: Config, log: Logger): Promise<EnginePainter> {
  const { idleSeconds, threads } = config.worker;
  return EnginePainter.open({
    models: servedModels(config),
    easelVersion: version,
    env: process.env,
    idleMs: idleSeconds * 1000,
    ...(threads !== null && { threads }),
    onLog: (model, { level, message, pid }) =>
      log[level === 'output' ? 'debug' : level]({ model, enginePid: pid }, message),
  });
}
