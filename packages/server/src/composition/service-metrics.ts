import { createMetrics, type Metrics } from '../observability/metrics.ts';
import type { Core } from './open-core.ts';

/** The metrics of one process, with what is read from the database and the engines at each scrape. */
export function createServiceMetrics({
  painter,
  database,
  jobs,
  storage,
}: Pick<Core, 'painter' | 'database' | 'jobs' | 'storage'>): Metrics {
  return createMetrics({
    async queueDepth() {
      const depths = new Map<string, number>();
      await database.transaction(async (transaction) => {
        for (const { slug } of painter.models()) depths.set(slug, await jobs.countQueued(transaction, slug));
      });
      return depths;
    },
    engineMemory: () => painter.memory(),
    isStorageAvailable: () => storage.problem === null,
  });
}
