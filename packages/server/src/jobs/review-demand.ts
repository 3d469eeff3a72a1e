import { sql } from 'kysely';
import type { Queries } from '../database/database.ts';

/** The row of `settings`: when a process with a `reviewHook` was last heard of, by the database's clock. */
const REVIEWED_AT = 'pictures_reviewed_at';
/** It is written again no sooner than after this. */
const WORD_MS = 60_000;
/** How long it counts: longer than a restart of everything takes. */
const MEMORY_MS = 10 * 60_000;

/**
 * Says that this process reviews pictures. Those without a `reviewHook` then start no job: the process that runs a job reviews its pictures,
 * and they would show some that nobody has seen.
 */
export async function announceReview(queries: Queries): Promise<void> {
  if (await wasHeard(queries, WORD_MS)) return;
  const value = sql<string>`to_jsonb(clock_timestamp())`;
  await queries
    .insertInto('settings')
    .values({ name: REVIEWED_AT, value })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
    .execute();
}

/** Whether a process with a `reviewHook` was heard of lately. */
export function isReviewDemanded(queries: Queries): Promise<boolean> {
  return wasHeard(queries, MEMORY_MS);
}

async function wasHeard(queries: Queries, ms: number): Promise<boolean> {
  const isRecent = sql<boolean>`(value #>> '{}')::timestamptz > clock_timestamp() - make_interval(secs => ${ms / 1000})`;
  const query = queries.selectFrom('settings').select(isRecent.as('is_recent')).where('name', '=', REVIEWED_AT);
  return (await query.executeTakeFirst())?.is_recent === true;
}
