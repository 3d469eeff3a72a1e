import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config/schema.ts';
import { newId } from '../ids.ts';
import { announceReview } from '../jobs/queue-control.ts';
import { isDatabaseInUse } from '../keys/server-secret.ts';
import { loadReviewHook, type ReviewHook } from '../models/review.ts';
import { createLogger, type Logger } from '../observability/logger.ts';
import { Janitor } from '../workers/janitor.ts';
import { WorkLoop } from '../workers/work-loop.ts';
import { type Core, openCore } from './open-core.ts';
import { noServerYet, openStorage } from './open-storage.ts';
import { Shutdown } from './shutdown.ts';
import { serveWorkerMetrics, type WorkerMetrics } from './worker-metrics.ts';

export interface RunningWorker {
  readonly models: readonly string[];
  /** Where Prometheus finds its metrics; null without a port for them. */
  readonly metricsUrl: string | null;
  /** Running jobs finish or are handed back. */
  stop(): Promise<void>;
}

/**
 * Makes pictures for a server that runs elsewhere, on the same database and the same folder of pictures.
 *
 * @throws as `startServer`; StartupError `no_server_yet` for a database that no server has ever used
 */
export async function startWorker(
  config: Config,
  { signal }: { readonly signal: AbortSignal },
): Promise<RunningWorker> {
  const log = createLogger(config.logLevel);
  const hook = config.reviewHook === null ? null : await loadReviewHook(resolve(config.reviewHook));
  const storage = await openStorage({ config, log, signal, exclusive: false });
  const drainMs = config.drainSeconds * 1000;
  const shutdown = new Shutdown(log, { drainMs });
  shutdown.on('database', () => storage.close());
  try {
    const core = await openCore({ config, storage, log, shutdown, signal, draws: true });
    if (!(await isDatabaseInUse(core.database))) throw noServerYet('no server has ever used this database');
    signal.throwIfAborted();
    const metrics = await serveMetrics(config, core);
    if (metrics !== null) shutdown.on('requests', () => metrics.close());
    const work = await startWork(core, { hook, log, warmUp: config.worker.warmUp });
    shutdown.on('jobs', () => work.stop(drainMs));
    const models = core.painter.models().map(({ slug }) => slug);
    return { models, metricsUrl: metrics?.url ?? null, stop: () => shutdown.run() };
  } catch (error) {
    await shutdown.run();
    throw error;
  }
}

function serveMetrics(
  { host, worker: { metricsPort: port } }: Config,
  { metrics }: Core,
): Promise<WorkerMetrics | null> {
  return port === null ? Promise.resolve(null) : serveWorkerMetrics({ host, port }, metrics);
}

const SWEEP_MS = 60_000;

/** The worker's side of a process. */
export interface Work {
  /** Finishes running jobs within the time, or hands them back. */
  stop(drainMs: number): Promise<void>;
}

export interface WorkOptions {
  /** Reviews each picture before it is shown; null: none. */
  readonly hook: ReviewHook | null;
  readonly log: Logger;
  readonly warmUp: boolean;
}

/** Takes jobs from the queue until it is stopped. */
export async function startWork(core: Core, { hook, log, warmUp }: WorkOptions): Promise<Work> {
  const loop = new WorkLoop({ ...core, workerId: newId(), hook }, (err, message) => log.warn({ err }, message), {
    warmUp,
  });
  await loop.start();
  return loop;
}

/** Deletes what has expired and does what is due, every minute until the signal. */
export async function keepTidy(core: Core, log: Logger, signal: AbortSignal): Promise<void> {
  const janitor = new Janitor(core, {
    store: core.store,
    report: (level, message, details) => log[level](details, message),
  });
  while (!signal.aborted) {
    try {
      if (core.drafts.areReviewed) await core.database.transaction(announceReview);
      await core.storage.check();
      const swept = await janitor.sweep(signal);
      if (Object.values(swept).some((count) => count > 0))
        log.info(swept, 'deleted what has expired, and did what was due');
    } catch (error) {
      if (!signal.aborted) log.warn({ err: error }, 'deleting what has expired failed; retrying');
    }
    await sleep(SWEEP_MS, undefined, { signal }).catch(() => {});
  }
}
