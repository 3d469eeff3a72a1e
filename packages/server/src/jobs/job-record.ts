import { isErrorCode } from '@easel/contract';
import { type Selectable, sql } from 'kysely';
import type { JobsTable } from '../database/tables.ts';
import type { JobRequest } from './job-request.ts';
import type { JobFailure, JobRecord } from './jobs-port.ts';

/**
 * What `toJobRecord` needs. The release before wrote the picture to start from into the request; of the rows that still have it
 * only the worker that takes the job reads it (`Jobs.start`).
 */
export const jobColumns = [
  'id',
  'account_id',
  'key_id',
  'surface',
  'model',
  'prompt',
  'state',
  'price',
  'priority',
  'virtual_start',
  'attempt',
  'worker_id',
  'favourite',
  'store',
  'error_code',
  'error_message',
  'error_param',
  'created_at',
  'started_at',
  'finished_at',
  'queue_ms',
  'run_ms',
  'drawn_by',
  'expires_at',
  'request_id',
  'waiter',
  sql<JobRequest>`case when length(request ->> 'image') > 32 then request || '{"image": null}' else request end`.as(
    'request',
  ),
] as const;

/** A row of `jobs` as the domain sees it. */
export function toJobRecord(
  row: Omit<Selectable<JobsTable>, 'seed' | 'width' | 'height' | 'samples' | 'steps' | 'ended_event'>,
): JobRecord {
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
    requestId: row.request_id,
    waiter: row.waiter,
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
    drawnBy: row.drawn_by,
    expiresAt: row.expires_at,
  };
}

function toFailure(
  row: Pick<Selectable<JobsTable>, 'error_code' | 'error_message' | 'error_param'>,
): JobFailure | null {
  if (row.error_code === null) return null;
  const code = isErrorCode(row.error_code) ? row.error_code : 'server_error';
  return { code, message: row.error_message ?? '', param: row.error_param };
}
