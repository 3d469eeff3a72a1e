import type { JobStatus } from '@easel/contract';
import { sql } from 'kysely';
import type { Transaction } from '../database/database.ts';
import { queriesOf } from '../database/transaction.ts';
import type { End, JobFailure } from './jobs-port.ts';

/** @returns false, and nothing has changed, when the job is in none of these states, or in another attempt */
export async function endJob(
  transaction: Transaction,
  { jobId, attempt, now, expiresAt }: End,
  state: 'succeeded' | 'failed' | 'cancelled',
  from: readonly JobStatus[],
  failure: JobFailure | null,
  drawnBy: string | null = null,
): Promise<boolean> {
  const query = queriesOf(transaction)
    .updateTable('jobs')
    .set({
      state,
      finished_at: now,
      run_ms: millisecondsSince('started_at', now),
      expires_at: expiresAt,
      drawn_by: drawnBy,
      error_code: failure?.code ?? null,
      error_message: failure?.message ?? null,
      error_param: failure?.param ?? null,
      prompt: sql<string | null>`case when store then prompt end`,
      request: sql`request || case when store then ${spent}::jsonb else ${spentAndUnnamed}::jsonb end`,
    })
    .where('id', '=', jobId)
    .where('state', 'in', from);
  const ended = attempt === undefined ? query : query.where('attempt', '=', attempt);
  return (await ended.executeTakeFirst()).numUpdatedRows > 0n;
}

/** The picture to start from may have megabytes and has done its service. */
const spent = JSON.stringify({ image: null });
/** What a job that is not to be stored leaves of its request. */
const spentAndUnnamed = JSON.stringify({ image: null, prompt: '', prompt2: null, negativePrompt: null });

export function millisecondsSince(column: 'created_at' | 'started_at', now: Date) {
  const ms = sql`extract(epoch from ${now}::timestamptz - ${sql.ref(column)}) * 1000`;
  return sql<number | null>`greatest(0, least(2147483647, ${ms}))::integer`;
}
