import { isErrorCode } from '@easel/contract';
import type { Selectable } from 'kysely';
import type { JobFailure, JobRecord } from '../../domain/ports/jobs.ts';
import type { JobsTable } from '../tables.ts';

/** A row of `jobs` as the domain sees it. */
export function toJobRecord(row: Selectable<JobsTable>): JobRecord {
  return {
    id: row.id,
    accountId: row.account_id,
    keyId: row.key_id,
    surface: row.surface,
    request: row.request,
    price: row.price,
    priority: row.priority,
    virtualStart: row.virtual_start,
    store: row.store,
    createdAt: row.created_at,
    prompt: row.prompt,
    state: row.state,
    attempt: row.attempt,
    workerId: row.worker_id,
    favourite: row.favourite,
    failure: toFailure(row),
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    queueMs: row.queue_ms,
    runMs: row.run_ms,
    expiresAt: row.expires_at,
  };
}

function toFailure(row: Selectable<JobsTable>): JobFailure | null {
  if (row.error_code === null) return null;
  const code = isErrorCode(row.error_code) ? row.error_code : 'server_error';
  return { code, message: row.error_message ?? '', param: row.error_param };
}
