import { limits } from '@easel/contract';
import { type Transaction as KyselyTransaction, sql } from 'kysely';
import type { Tables } from '../database/tables.ts';
import { jobColumns, toJobRecord } from './job-record.ts';
import type { JobFilter, JobRecord } from './jobs-port.ts';

/** Newest first; ids sort by time. */
export async function listJobs(queries: KyselyTransaction<Tables>, filter: JobFilter): Promise<JobRecord[]> {
  const { accountId, state, model, seed, size, favourite, words = [], before, limit } = filter;
  const rows = await queries
    .selectFrom('jobs')
    .select(jobColumns)
    .$if(accountId !== undefined, (query) => query.where('account_id', '=', accountId ?? ''))
    .$if(state !== undefined, (query) => query.where('state', '=', state ?? 'queued'))
    .$if(model !== undefined, (query) => query.where('model', '=', model ?? ''))
    .$if(seed !== undefined, (query) => query.where(hasSeed(seed ?? 0)))
    .$if(size !== undefined, (query) => query.where('width', '=', size?.width ?? 0))
    .$if(size !== undefined, (query) => query.where('height', '=', size?.height ?? 0))
    .$if(favourite !== undefined, (query) => query.where('favourite', '=', favourite ?? false))
    .$if(before !== undefined, (query) => query.where('id', '<', before ?? ''))
    .where(({ and, eb }) => and(words.map((word) => eb('prompt', 'ilike', `%${literally(word)}%`))))
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
  return rows.map(toJobRecord);
}

/** Picture k of a job has its seed plus k, and 0 follows the largest one: some distance of at most `samples` leads to the seed. */
function hasSeed(seed: number) {
  const distance = sql`(${BigInt(seed)}::bigint - seed + ${BigInt(limits.seed.max + 1)}::bigint) % ${BigInt(limits.seed.max + 1)}::bigint`;
  return sql<boolean>`${distance} < samples`;
}

/** LIKE's own characters stand for themselves (PostgreSQL, §9.7.1). */
function literally(word: string): string {
  return word.replace(/[\\%_]/g, '\\$&');
}
