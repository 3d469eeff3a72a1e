import { readFileSync } from 'node:fs';
import { microToNumber } from '@easel/contract';
import { engineThreads, findCards } from '@easel/engine';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/schema.ts';
import { type Database, openDatabase } from '../database/database.ts';
import { DatabaseClock } from '../database/database-clock.ts';
import { migrate } from '../database/migrate.ts';
import { requireDatabase } from '../database/require-database.ts';
import { readAccounts } from '../jobs/account-readings.ts';
import { countQueuedJobs } from '../jobs/admission.ts';
import { EventBus } from '../jobs/event-bus.ts';
import { createJobLog } from '../jobs/job.ts';
import { findLiveEngines, type LiveEngines } from '../jobs/live-engines.ts';
import { monthOf } from '../keys/key-months.ts';
import { EnginePainter } from '../models/engine-painter.ts';
import type { Painter } from '../models/painter.ts';
import { servedModels } from '../models/served-models.ts';
import type { Logger } from '../observability/logger.ts';
import {
  type AccountGauges,
  createMetrics,
  type EngineCount,
  type EngineSpeedReading,
  type Metrics,
} from '../observability/metrics.ts';
import { createTracer } from '../observability/tracing.ts';
import { ImageLibrary } from '../pictures/image-library.ts';
import type { ImageRecord } from '../pictures/images.ts';
import { StartImages } from '../pictures/start-images.ts';
import { StorageWatch } from '../pictures/storage-watch.ts';
import { PgBossQueue } from '../queue/pg-boss-queue.ts';
import { unlessAborted } from '../unless-aborted.ts';
import { listWorkers } from '../workers/workers-table.ts';
import { openPictures } from './open-pictures.ts';
import type { Storage } from './open-storage.ts';
import type { Shutdown } from './shutdown.ts';

const HOUR_MS = 3_600_000;

export interface OpenCoreOptions {
  readonly config: Config;
  readonly storage: Storage;
  readonly log: Logger;
  /** Told of each part as it is opened, so that what is open is closed again when the next part cannot be opened. */
  readonly shutdown: Shutdown;
  readonly signal: AbortSignal;
  /** Whether this process makes pictures. */
  readonly draws: boolean;
}

/** What every process of the service has. */
export type Core = Awaited<ReturnType<typeof openCore>>;

/**
 * Connects to the database, brings its schema up to date, and opens queue, events, pictures and models.
 *
 * @throws StartupError for a database that cannot be used, EngineError for a model that would not load, the signal's reason
 */
export async function openCore({ config, storage, log, shutdown, signal, draws }: OpenCoreOptions) {
  const { address } = storage;
  const during = <Value>(step: Promise<Value>) => unlessAborted(step, signal);
  const pictures = await during(openPictures({ config, dataDir: storage.dataDir, env: process.env }));
  await requireDatabase(address, signal);
  const onConnectionLost = (error: unknown) => log.warn({ err: error }, 'lost a connection to the database');
  const database = openDatabase({ address, onConnectionLost });
  shutdown.on('connections', () => {
    pictures.close();
    return database.close();
  });
  const migrated = await during(migrate(database.kysely));
  if (migrated.length > 0) log.info({ migrated }, 'migrated the database schema');
  const clock = new DatabaseClock(database, (ms) => tellOfClock(log, ms));
  await during(clock.compare());
  void clock.keep(shutdown.begun);
  const painter = await during(openPainter(config, log, draws, signal));
  shutdown.on('engine', () => painter.close());
  const queue = new PgBossQueue({
    connection: 'url' in address ? { connectionString: address.url } : address,
    models: painter.models().map(({ slug }) => slug),
    jobsPerAccount: config.limits.concurrentPerAccount,
    onError: onConnectionLost,
    onWarning: (warning) => log.warn({ warning }, 'warning from the job queue'),
  });
  shutdown.on('queue', () => queue.stop());
  await during(queue.start());
  const bus = new EventBus({ database, address, onConnectionLost });
  shutdown.on('events', () => bus.close());
  await during(bus.start());
  const tracer = createTracer({
    env: process.env,
    version,
    onError: (reason) => log.warn({ reason }, 'traces cannot be sent; retrying'),
  });
  shutdown.on('traces', () => tracer.close());
  const { store } = pictures;
  const watch = new StorageWatch({ store, onChange: (problem) => tellOfStorage(log, problem) });
  const onDamage = ({ jobId, index }: ImageRecord) =>
    log.error(
      { jobId, picture: index },
      'the file of a picture is damaged and is not served; restore it from a backup',
    );
  return {
    database,
    queue,
    bus,
    store,
    storage: watch,
    startImages: new StartImages({ store, storage: watch }),
    library: new ImageLibrary({ database, store, clock, onDamage }),
    painter,
    jobLog: createJobLog(log),
    tracer,
    metrics: createServiceMetrics({ painter, database, clock, storage: watch, accounts: config.metrics.accounts }),
    clock,
    ...jobSettings(config),
    retention: retentionOf(config),
  };
}

function retentionOf({ retention: { imagesSeconds, requestsSeconds } }: Config) {
  return { imagesMs: imagesSeconds * 1000, requestsMs: requestsSeconds * 1000, undeliveredMs: HOUR_MS };
}

/** What of the settings decides about jobs. */
function jobSettings({ pricing: tariff, limits, drafts, reviewHook, publicUrl }: Config) {
  return { tariff, limits, drafts: { ...drafts, areReviewed: reviewHook !== null }, publicUrl };
}

/** The metrics of one process, with readings from the database and the engines at each scrape. */
function createServiceMetrics({
  painter,
  database,
  clock,
  storage,
  accounts: most,
}: {
  readonly painter: Painter;
  readonly database: Database;
  readonly clock: Clock;
  readonly storage: StorageWatch;
  /** Accounts that are told of by name; 0: of none. */
  readonly accounts: number;
}): Metrics {
  return createMetrics({
    async queueDepth() {
      const depths = new Map<string, number>();
      await database.transaction(async (queries) => {
        for (const { slug } of painter.models()) depths.set(slug, await countQueuedJobs(queries, slug));
      });
      return depths;
    },
    engineMemory: () => painter.memory(),
    engines: async () => countEngines(await database.transaction((queries) => findLiveEngines(queries))),
    speeds: async () => meanSpeeds(await database.transaction((queries) => findLiveEngines(queries))),
    async workers() {
      const states = (await listWorkers(database)).map(({ isLost, state }) => (isLost ? 'lost' : state));
      return new Map([...Map.groupBy(states, (state) => state)].map(([state, same]) => [state, same.length]));
    },
    isStorageAvailable: () => storage.problem === null,
    accounts: most === 0 ? undefined : () => accountGauges(database, most, monthOf(clock.now())),
  });
}

async function accountGauges(database: Database, most: number, month: string): Promise<AccountGauges[]> {
  const readings = await database.transaction((queries) => readAccounts(queries, { most, month }));
  return readings.map(({ spent, balance, ...reading }) => ({
    ...reading,
    spent: microToNumber(spent),
    balance: microToNumber(balance),
  }));
}

function countEngines(engines: LiveEngines): EngineCount[] {
  const labels = [...engines.values()].flat().map(({ model, device }) => ({
    model,
    device: device?.name ?? '',
    arithmetic: device?.arithmetic ?? '',
  }));
  const same = Map.groupBy(labels, (each) => JSON.stringify(each)).values();
  return [...same].flatMap((group) => group.slice(0, 1).map((each) => ({ ...each, count: group.length })));
}

function meanSpeeds(engines: LiveEngines): EngineSpeedReading[] {
  const all = [...engines.values()]
    .flat()
    .flatMap(({ model, device, speeds = [] }) =>
      speeds.map(({ profile, ms_per_step_megapixel: ms }) => ({ model, device: device?.name ?? '', profile, ms })),
    );
  const same = Map.groupBy(all, ({ model, device, profile }) => JSON.stringify([model, device, profile])).values();
  return [...same].flatMap((group) =>
    group.slice(0, 1).map(({ ms: _, ...labels }) => ({
      ...labels,
      seconds: group.reduce((sum, { ms }) => sum + ms, 0) / group.length / 1000,
    })),
  );
}

function tellOfClock(log: Logger, ms: number): void {
  if (ms === 0) log.info("the clock of this machine agrees with the database's again");
  else {
    const seconds = Math.round(ms / 1000);
    const difference = `${Math.abs(seconds)} s ${seconds > 0 ? 'behind' : 'ahead of'}`;
    log.warn({ seconds }, `the clock of this machine is ${difference} the database's, which is used; correct it`);
  }
}

function tellOfStorage(log: Logger, problem: string | null): void {
  if (problem === null) log.info('storage is available again; jobs start again');
  else
    log.error(
      { problem },
      'storage is unavailable; jobs stay queued until it is back, and nothing is charged for them',
    );
}

/** Of what is told about the engine's process. */
const logLevels = { info: 'info', notice: 'warn', warn: 'warn', output: 'debug' } as const;

async function openPainter(config: Config, log: Logger, draws: boolean, signal: AbortSignal): Promise<EnginePainter> {
  const namesCards = [config, config.model, ...Object.values(config.models)].some(
    (each) => typeof each === 'object' && each?.cards,
  );
  const cards = draws ? (namesCards ? await findCards(signal) : []) : null;
  const { idleSeconds, concurrency, textCache } = config.worker;
  // Engines that run at the same time share the processor.
  const shared = concurrency === 1 ? null : Math.max(1, Math.floor(engineThreads() / concurrency));
  const threads = config.worker.threads ?? shared;
  return EnginePainter.open({
    models: servedModels(config, cards),
    easelVersion: version,
    env: process.env,
    idleMs: idleSeconds * 1000,
    ...(threads !== null && { threads }),
    memory: config.memory,
    textCache,
    onLog: (model, { level, message, pid }) => log[logLevels[level]]({ model, enginePid: pid }, message),
  });
}

/** Of the server's package; the same two folders up from `src` and from `dist`. */
export const version: string = readVersion();

function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  const isManifest = typeof manifest === 'object' && manifest !== null && 'version' in manifest;
  return isManifest ? String(manifest.version) : '';
}
