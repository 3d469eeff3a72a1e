import { PIXELS_PER_MEGAPIXEL } from '@easel/contract';
import { type Transaction as KyselyTransaction, sql } from 'kysely';
import type { Place, WorkAmount } from '../../domain/ports/jobs.ts';
import type { Tables } from '../tables.ts';

/** What waits for the same model and starts earlier: the smaller start tag, and of equal ones the older job. */
export async function amountAhead(
  queries: KyselyTransaction<Tables>,
  { jobId, model, virtualStart }: Pick<Place, 'jobId' | 'model' | 'virtualStart'>,
): Promise<WorkAmount> {
  const pixelSteps = sql<number>`coalesce(sum(samples::float8 * steps * width * height), 0)`;
  const { jobs, work, images } = await queries
    .selectFrom('jobs')
    .select(({ fn }) => [
      fn.countAll<bigint>().as('jobs'),
      pixelSteps.as('work'),
      sql<bigint>`coalesce(sum(samples), 0)`.as('images'),
    ])
    .where('model', '=', model)
    .where('state', '=', 'queued')
    .where(sql<boolean>`(virtual_start, id) < (${virtualStart}, ${jobId}::uuid)`)
    .executeTakeFirstOrThrow();
  return { jobs: Number(jobs), stepMegapixels: work / PIXELS_PER_MEGAPIXEL, images: Number(images) };
}
