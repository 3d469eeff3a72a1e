import { type Device, microToDecimal, microToNumber } from '@easel/contract';
import { sql } from 'kysely';
import { chargeHold, releaseHold } from '../credits/holds.ts';
import type { Queries } from '../database/database.ts';
import { CANCEL_CHANNEL, notify } from '../database/notifications.ts';
import type { AccountService, ClosedAccount } from '../keys/accounts.ts';
import { type ImageRecord, insertImages } from '../pictures/images.ts';
import { addDeliveries } from '../webhooks/deliveries.ts';
import { endpointsFor } from '../webhooks/endpoints.ts';
import { isEnded, type JobContext, type JobFailure, type JobRecord, jobNotFound } from './job.ts';
import { appendFinalEvent, deleteSamples } from './job-events.ts';
import { jobReply } from './job-views.ts';
import { jobColumns, lockJob, millisecondsSince, toJobRecord } from './jobs-table.ts';

export type JobEnd =
  | {
      readonly state: 'succeeded';
      /** The real name of the model that made the pictures. */
      readonly model: string;
      /** What they were drawn on. */
      readonly device: Pick<Device, 'name' | 'arithmetic'>;
      readonly images: readonly ImageRecord[];
    }
  | {
      readonly state: 'failed';
      readonly failure: JobFailure;
      /** For the log. */
      readonly error?: unknown;
    }
  | { readonly state: 'cancelled' };

/** A job has ended, in the transaction that is open. */
export interface JobEnded {
  readonly end: JobEnd;
  /** The job before, and as it is from now on. */
  readonly before: JobRecord;
  readonly job: JobRecord;
  readonly now: Date;
}

/**
 * Everything that depends on the end of a job, in the transaction that ends it: all of it happens, or nothing. The transaction may
 * run again, so these do nothing but database work: `stopRun` too writes through `queries`. The final event comes last, see `appendFinalEvent`.
 */
const inTransaction: readonly ((queries: Queries, ended: JobEnded, context: JobContext) => Promise<unknown>)[] = [
  settlePrice,
  recordImages,
  stopRun,
  queueWebhooks,
  publishEnd,
];

/** What follows the commit; a process that dies in between leaves it out. */
const afterCommit: readonly ((ended: JobEnded, context: JobContext) => unknown)[] = [
  logEnd,
  countEnd,
  removeStartImage,
];

/** What is held for a draft is 0, and never charged: usage counts charges. */
function settlePrice(queries: Queries, { end, job, now }: JobEnded): Promise<unknown> {
  const isCharged = end.state === 'succeeded' && !job.draft;
  return isCharged ? chargeHold(queries, job.id, now) : releaseHold(queries, job.id, now);
}

async function recordImages(queries: Queries, { end }: JobEnded): Promise<void> {
  if (end.state === 'succeeded') await insertImages(queries, end.images);
}

/** Of a cancelled job: takes it out of the queue, and tells the worker that runs it. */
async function stopRun(queries: Queries, { end, job }: JobEnded, { queue }: JobContext): Promise<void> {
  if (end.state !== 'cancelled') return;
  await queue.cancel(queries, job.request.model, job.id);
  await notify(queries, CANCEL_CHANNEL, job.id);
}

/** A row for each address that is told; servers send what the rows say. */
async function queueWebhooks(queries: Queries, { end, job, now }: JobEnded, { publicUrl }: JobContext): Promise<void> {
  const { id: jobId, accountId, webhook, draft } = job;
  if (draft) return;
  const event = `job.${end.state}` as const;
  const own = webhook ? [{ ...webhook, endpointId: null, includePrompt: false }] : [];
  const targets = [...(await endpointsFor(queries, accountId, event)), ...own];
  const deliveries = targets.map(({ endpointId, url, includePrompt, baseUrl }) => {
    // The job's own address is not the business of other receivers, and may have a secret in it.
    const told = { ...(includePrompt ? job : withoutPrompts(job)), webhook: null };
    const view = { job: told, images: imagesOf(end), outlook: null };
    const data = { job: jobReply(view, publicUrl ?? baseUrl) };
    return { endpointId, url, body: JSON.stringify({ type: event, timestamp: now.toISOString(), data }) };
  });
  await addDeliveries(queries, { accountId, event, jobId, now }, deliveries);
}

function imagesOf(end: JobEnd): readonly ImageRecord[] {
  return end.state === 'succeeded' ? end.images : [];
}

/** Nor with the picture that it was made from: its address needs no key, and its file tells its own prompt. */
function withoutPrompts(job: JobRecord): JobRecord {
  const { startedFrom: _, ...request } = job.request;
  return { ...job, prompt: null, request: { ...request, prompt: '', prompt2: null, negativePrompt: null } };
}

async function publishEnd(queries: Queries, { end, job }: JobEnded): Promise<void> {
  // Of what a customer deletes, or has not paid, no copy is left; the final event leads to the pictures. A draft has nothing but its copy.
  if (!(job.draft && end.state === 'succeeded')) await deleteSamples(queries, job.id);
  await appendFinalEvent(queries, { jobId: job.id, accountId: job.accountId }, { kind: end.state });
}

function logEnd({ end, before, job }: JobEnded, { jobLog }: JobContext): void {
  // There is one for each pause of who types.
  if (job.draft && end.state !== 'failed') return;
  if (end.state === 'succeeded') {
    const charged = microToDecimal(job.price);
    jobLog('info', 'job succeeded, charged', job, { attempt: job.attempt, charged, pictures: end.images.length });
  } else if (end.state === 'cancelled') jobLog('info', 'job cancelled, refunded', job, { was: before.state });
  else {
    const { code } = end.failure;
    if (code === 'content_rejected') jobLog('info', 'job rejected by the review, refunded', job, { code });
    else if (code === 'server_error') jobLog('error', 'job failed, refunded', job, { code, err: end.error });
    else jobLog('info', 'job failed, refunded', job, { code });
  }
}

function countEnd({ end, job }: JobEnded, { metrics }: JobContext): void {
  const { request, failure, queueMs, runMs, price } = job;
  const isSuccess = end.state === 'succeeded';
  if (isSuccess) metrics.stepsDone(request.model, request.steps * request.samples, job.device);
  if (job.draft) {
    metrics.draftEnded(request.model, end.state);
    return;
  }
  metrics.jobEnded({
    model: request.model,
    state: end.state,
    errorCode: failure?.code ?? null,
    waited: queueMs === null ? null : queueMs / 1000,
    ran: runMs === null ? null : runMs / 1000,
    device: job.device,
    credits: isSuccess ? microToNumber(price) : 0,
  });
}

function removeStartImage({ before }: JobEnded, { startImages }: JobContext): Promise<void> {
  return startImages.removeOf(before);
}

interface WhichJob {
  readonly jobId: string;
  /** Absent: whichever attempt is running, or none yet. */
  readonly attempt?: number;
  /** Absent or null: any account's. */
  readonly accountId?: string | null;
}

/**
 * The only way in which a job ends.
 *
 * @returns the job as it is now, and whether this call ended it; null when there is no such job
 */
async function endJob(
  context: JobContext,
  { jobId, attempt, accountId = null }: WhichJob,
  end: JobEnd,
): Promise<{ readonly job: JobRecord; readonly endedByThisCall: boolean } | null> {
  const ended = await context.database.transaction(async (queries): Promise<JobEnded | JobRecord | null> => {
    const before = await lockJob(queries, jobId);
    if (before === null || (accountId !== null && before.accountId !== accountId)) return null;
    const isCurrent = attempt === undefined || attempt === before.attempt;
    if (isEnded(before) || !isCurrent || (end.state === 'succeeded' && before.state !== 'running')) return before;
    const [own] = await endLocked(context, queries, [before], end);
    return own ?? before;
  });
  if (ended === null || !('end' in ended)) return ended && { job: ended, endedByThisCall: false };
  await followEnds(context, [ended]);
  return { job: ended.job, endedByThisCall: true };
}

/** Ends jobs that have not ended and that the transaction has locked; it locks nothing else afterwards. To be followed by `followEnds`. */
async function endLocked(
  context: JobContext,
  queries: Queries,
  jobs: readonly JobRecord[],
  end: JobEnd,
): Promise<readonly JobEnded[]> {
  const now = context.clock.now();
  const ended: JobEnded[] = [];
  for (const before of jobs)
    ended.push({ end, before, job: await writeEnd(context, queries, { before, end, now }), now });
  // All of one kind before the next: the final events come last.
  for (const consequence of inTransaction) for (const each of ended) await consequence(queries, each, context);
  return ended;
}

/** What follows the commit of ends. */
export async function followEnds(context: JobContext, ends: readonly JobEnded[]): Promise<void> {
  for (const ended of ends) for (const consequence of afterCommit) await consequence(ended, context);
}

/** Cancels jobs that have not ended and that the transaction has locked; as `endLocked`. */
export function cancelLocked(
  context: JobContext,
  queries: Queries,
  jobs: readonly JobRecord[],
): Promise<readonly JobEnded[]> {
  return endLocked(context, queries, jobs, { state: 'cancelled' });
}

/** The start image and its mask are not needed any more. */
const withoutImage = JSON.stringify({ image: null, mask: null });
/** What is left of the request of a job with `store: false`. */
const withoutContent = JSON.stringify({
  ...{ image: null, mask: null },
  ...{ prompt: '', prompt2: null, negativePrompt: null, notes: [] },
});

/** Of a draft, once it has ended: whoever waits for it has its picture by then. Longer than the minute in which drafts are counted. */
const DRAFT_KEPT_MS = 2 * 60_000;

async function writeEnd(
  { retention }: JobContext,
  queries: Queries,
  { before, end, now }: { readonly before: JobRecord; readonly end: JobEnd; readonly now: Date },
): Promise<JobRecord> {
  const keptMs = before.draft ? DRAFT_KEPT_MS : retention.requestsMs;
  const failure = end.state === 'failed' ? end.failure : null;
  const row = await queries
    .updateTable('jobs')
    .set({
      state: end.state,
      finished_at: now,
      run_ms: millisecondsSince('started_at', now),
      expires_at: new Date(now.getTime() + keptMs),
      drawn_by: end.state === 'succeeded' ? end.model : null,
      device: end.state === 'succeeded' ? end.device.name : null,
      arithmetic: end.state === 'succeeded' ? end.device.arithmetic : null,
      error_code: failure?.code ?? null,
      error_message: failure?.message ?? null,
      error_param: failure?.param ?? null,
      prompt: sql<string | null>`case when store then prompt end`,
      request: sql`request || case when store then ${withoutImage}::jsonb else ${withoutContent}::jsonb end`,
    })
    .where('id', '=', before.id)
    .returning(jobColumns)
    .executeTakeFirstOrThrow();
  return toJobRecord(row);
}

/**
 * Ends a running job whose pictures are stored: it is charged.
 *
 * @returns false, and nothing has changed, when the job had ended or its attempt is not the current one any more
 */
export async function succeedJob(
  context: JobContext,
  { id, attempt }: Pick<JobRecord, 'id' | 'attempt'>,
  result: Omit<Extract<JobEnd, { state: 'succeeded' }>, 'state'>,
): Promise<boolean> {
  const ended = await endJob(context, { jobId: id, attempt }, { state: 'succeeded', ...result });
  return ended?.endedByThisCall ?? false;
}

/**
 * Ends a job without pictures: it is refunded.
 *
 * @returns false, and nothing has changed, when the job had ended or its attempt is not the current one any more
 */
export async function failJob(
  context: JobContext,
  which: Pick<WhichJob, 'jobId' | 'attempt'>,
  failure: JobFailure,
  error?: unknown,
): Promise<boolean> {
  return (await endJob(context, which, { state: 'failed', failure, error }))?.endedByThisCall ?? false;
}

/** The failure of a job whose attempts are used up. */
export const attemptsUsedUp: JobFailure = {
  code: 'server_error',
  message: 'the run failed in every attempt; nothing was charged; try again later',
  param: null,
};

/**
 * Ends a job at its owner's wish: it is refunded. This is final at once: a running worker is told to stop, and its result is
 * discarded.
 *
 * @param accountId the owner; null: any account's job
 * @returns the job as it is now; a job that had ended is unchanged
 * @throws DomainError `not_found`
 */
export async function cancelJob(context: JobContext, accountId: string | null, jobId: string): Promise<JobRecord> {
  const ended = await endJob(context, { jobId, accountId }, { state: 'cancelled' });
  if (ended === null) throw jobNotFound(jobId);
  return ended.job;
}

/**
 * Cancels the queued jobs of a revoked key. Running ones finish: their pictures belong to the account, which may have other keys.
 * To be called after the revocation, so that the key brings no more jobs.
 *
 * @returns how many
 */
export async function cancelJobsOfKey(context: JobContext, keyId: string): Promise<number> {
  const queued = await context.database.transaction((queries) =>
    queries
      .selectFrom('jobs')
      .select('id')
      .where('key_id', '=', keyId)
      .where('state', '=', 'queued')
      .orderBy('id')
      .execute(),
  );
  for (const { id } of queued) await cancelJob(context, null, id);
  return queued.length;
}

/** Closes an account, and cancels its queued jobs, which are refunded. @throws as `AccountService.close` */
export async function closeAccount(
  context: JobContext,
  accounts: Pick<AccountService, 'close' | 'get'>,
  id: string,
): Promise<ClosedAccount & { readonly cancelledJobs: number }> {
  const { revokedKeys } = await accounts.close(id);
  let cancelledJobs = 0;
  for (const keyId of revokedKeys) cancelledJobs += await cancelJobsOfKey(context, keyId);
  return { account: await accounts.get(id), revokedKeys, cancelledJobs };
}

/** Cancels the queued jobs of keys that were revoked at a start, or by a process that died before it could cancel. @returns how many */
export async function cancelJobsOfRevokedKeys(context: JobContext, signal: AbortSignal): Promise<number> {
  const keys = await context.database.transaction((queries) =>
    queries
      .selectFrom('jobs')
      .innerJoin('api_keys', 'api_keys.id', 'jobs.key_id')
      .select('key_id')
      .distinct()
      .where('state', '=', 'queued')
      .where('revoked_at', 'is not', null)
      .execute(),
  );
  let cancelled = 0;
  for (const { key_id: keyId } of keys) {
    signal.throwIfAborted();
    cancelled += await cancelJobsOfKey(context, keyId);
  }
  return cancelled;
}
