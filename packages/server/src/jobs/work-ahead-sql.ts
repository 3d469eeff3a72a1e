import { PIXELS_PER_MEGAPIXEL } from '@easel/contract';
import { type Transaction as KyselyTransaction, sql } from 'kysely';
import type { Tables } from '../database/tables.ts';
import type { Place, WorkAmount } from './jobs-port.ts';
import { amountOfWork } from './speed.ts';

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

/** What waits for a model, in the order in which it will start. */
export async function queueOf(
  queries: KyselyTransaction<Tables>,
  model: string,
): Promise<(WorkAmount & { readonly jobId: string })[]> {
  const rows = await queries
    .selectFrom('jobs')
    .select(['id', 'samples', 'steps', 'width', 'height'])
    .where('model', '=', model)
    .where('state', '=', 'queued')
    .orderBy('virtual_start')
    .orderBy('id')
    .execute();
  return rows.map(({ id, ...work }) => ({ jobId: id, ...amountOfWork(work) }));
}
