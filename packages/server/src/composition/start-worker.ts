import type { Config } from '../config/schema.ts';
import { createLogger } from '../observability/logger.ts';
import { openCore } from './open-core.ts';
import { openStorage } from './open-storage.ts';
import { createServiceMetrics } from './service-metrics.ts';
import { type Phase, shutDown } from './shutdown.ts';
import { startWork } from './start-work.ts';

export interface RunningWorker {
  readonly models: readonly string[];
  /** Running jobs finish or are handed back. */
  stop(): Promise<void>;
}

/**
 * Makes pictures for a server that runs elsewhere, on the same database and the same folder of pictures.
 *
 * @throws as `startServer`
 */
export async function startWorker(
  config: Config,
  { signal }: { readonly signal: AbortSignal },
): Promise<RunningWorker> {
  const log = createLogger(config.logLevel);
  const storage = await openStorage({ config, log, signal, exclusive: false });
  const end: Phase[] = [{ name: 'database', timeoutMs: 5000, run: () => storage.close() }];
  try {
    const core = await openCore(config, storage, log, end);
    const work = await startWork(core, config, log, createServiceMetrics(core));
    const drainMs = config.drainSeconds * 1000;
    end.unshift({ name: 'jobs', timeoutMs: drainMs + 15_000, run: () => work.stop(drainMs) });
    return { models: core.painter.models().map(({ slug }) => slug), stop: () => shutDown(end, log) };
  } catch (error) {
    await shutDown(end, log);
    throw error;
  }
}
