import { resolve } from 'node:path';
import type { Config } from '../config/schema.ts';
import { isDatabaseInUse } from '../keys/server-secret.ts';
import { loadReviewHook } from '../models/review.ts';
import { createLogger } from '../observability/logger.ts';
import { openCore } from './open-core.ts';
import { noServerYet, openStorage } from './open-storage.ts';
import { Shutdown } from './shutdown.ts';
import { startWork } from './start-work.ts';

export interface RunningWorker {
  readonly models: readonly string[];
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
    const core = await openCore({ config, storage, log, shutdown, signal });
    if (!(await isDatabaseInUse(core.database))) throw noServerYet('no server has ever used this database');
    signal.throwIfAborted();
    const work = await startWork(core, { hook, log });
    shutdown.on('jobs', () => work.stop(drainMs));
    return { models: core.painter.models().map(({ slug }) => slug), stop: () => shutdown.run() };
  } catch (error) {
    await shutdown.run();
    throw error;
  }
}
