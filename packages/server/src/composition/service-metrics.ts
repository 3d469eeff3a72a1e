import { createMetrics, type Metrics } from '../observability/metrics.ts';
import type { Core } from './open-core.ts';

/** The metrics of one process, with what is read from queue and engines at each scrape. */
export function createServiceMetrics({ painter, queue }: Pick<Core, 'painter' | 'queue'>): Metrics {
  return createMetrics({
    async queueDepth() {
      const models = painter.models().map(({ slug }) => slug);
      return new Map(await Promise.all(models.map(async (slug) => [slug, await queue.depth(slug)] as const)));
    },
    async engineMemory() {
      const memory = await painter.memory();
      return new Map(memory === null ? [] : [['all', Number(memory)]]);
    },
  });
}
