import { priceOf } from '@easel/contract';
import { retryDuringOutage } from '../database/away.ts';
import type { Queries } from '../database/database.ts';
import { DomainError } from '../domain-error.ts';
import { newId } from '../ids.ts';
import { lockKey } from '../keys/key-table.ts';
import { requireUsable } from '../keys/keys.ts';
import type { StartFiles } from '../pictures/start-images.ts';
import { reservePlace } from './admission.ts';
import { type JobContext, type JobRecord, type JobRequest, type JobWebhook, type NewJob, requireJob } from './job.ts';
import { announceQueued } from './job-events.ts';
import { findJob, insertJob } from './jobs-table.ts';
import { expiryOf, findSpeeds } from './speed.ts';
import { type AccountTurn, lockTurn, queuePriority, takeTurn } from './turns.ts';

/** How long a submission whose commit was cut off is retried. */
const COMMIT_PATIENCE_MS = 10_000;
const IDEMPOTENCY_MS = 24 * 60 * 60 * 1000;

export interface Submission {
  readonly accountId: string;
  readonly keyId: string;
  readonly surface: string;
  /** Its `image` and `mask` are filled in here. */
  readonly request: JobRequest;
  /** The files of the start picture and its mask, in the size of the request; null: text to image. */
  readonly startImage: StartFiles | null;
  readonly priority: number;
  readonly store: boolean;
  /** The server whose client waits on an open connection and cannot ask for the job later; null: nobody has to wait. */
  readonly waiter: string | null;
  /** The id of the request, as in the logs; also the id of the job, so that the id in the reply leads to it. */
  readonly requestId: string | null;
  /** Where the end of the job is told; absent: to the endpoints of the account only. */
  readonly webhook?: JobWebhook | null;
  /** W3C Trace Context of the request; absent: it is not traced. */
  readonly traceparent?: string | null;
  /** The client's `Idempotency-Key` and the SHA-256 of its body; null: it sent none. */
  readonly idempotency: { readonly key: string; readonly bodyHash: Uint8Array } | null;
}

export interface Submitted {
  readonly job: JobRecord;
  /** Whether it is the job of an earlier request with the same idempotency key. */
  readonly isReplay: boolean;
}

/**
 * Accepts a job: reserves its price and queues it, all of it or nothing.
 *
 * @throws DomainError `unauthorized` for a key that has ended, `idempotency_mismatch`, `rate_limited` when too many jobs of the
 *   account are queued, `insufficient_credits`, `overloaded`, or `invalid_request` for a job that would take too long
 */
export async function submitJob(context: JobContext, submission: Submission): Promise<Submitted> {
  const { startImage } = submission;
  if (startImage === null) return submitWithRetry(context, submission);
  const earlier = await checkSubmission(context, submission);
  if (earlier !== null) return { job: earlier, isReplay: true };
  const { startImages } = context;
  const request = { ...submission.request, ...(await startImages.keep(startImage)) };
  try {
    const submitted = await submitWithRetry(context, { ...submission, request });
    if (submitted.isReplay) await startImages.removeOf({ request });
    return submitted;
  } catch (error) {
    // After any other error the job may exist, and needs its picture.
    if (error instanceof DomainError) await startImages.removeOf({ request });
    throw error;
  }
}

/**
 * Checks whether the job would be refused, before its picture is decoded or stored: cheap checks come first.
 *
 * @returns the earlier job with the same idempotency key; null: it would be a new one
 * @throws DomainError as `submitJob`
 */
export async function checkSubmission(context: JobContext, submission: Submission): Promise<JobRecord | null> {
  const undo = new Error('only a check'); // thrown to roll the transaction back
  try {
    return await withAccountLocked(context, submission, async (queries, account, earlier) => {
      if (earlier !== null) return earlier;
      await reservePlace(context, queries, newJobOf(context, submission), account);
      throw undo;
    });
  } catch (error) {
    if (error === undo) return null;
    throw error;
  }
}

/** If the connection is lost during the commit, the job is looked up by its id and submitted again if it is not there. */
async function submitWithRetry(context: JobContext, submission: Submission): Promise<Submitted> {
  const { requestId } = submission;
  const attemptOnce = (attempt: number) =>
    withAccountLocked(context, submission, async (queries, account, earlier) => {
      const taken = attempt === 1 || requestId === null ? null : await findJob(queries, requestId);
      if (taken !== null) return { job: taken, isReplay: false };
      if (earlier !== null) return { job: earlier, isReplay: true };
      return { job: await queueJob(context, queries, submission, account), isReplay: false };
    });
  const submitted = await retryDuringOutage(attemptOnce, { withinMs: COMMIT_PATIENCE_MS });
  const { job, isReplay } = submitted;
  if (!isReplay) context.jobLog('info', 'job queued', job, { surface: job.surface, model: job.request.model });
  return submitted;
}

/** The account's submissions run one after another, so two with the same idempotency key, or for its last place, see each other. */
function withAccountLocked<Result>(
  { database, clock }: JobContext,
  submission: Submission,
  work: (queries: Queries, account: AccountTurn, earlier: JobRecord | null) => Promise<Result>,
): Promise<Result> {
  return database.transaction(async (queries) => {
    const account = await lockTurn(queries, submission.accountId);
    if (account === null) throw new DomainError('not_found', `there is no account ${submission.accountId}`);
    // With a key that is being revoked, the submission is either refused here, or the revocation finds its job to cancel.
    requireUsable(await lockKey(queries, submission.keyId), clock.now());
    return work(queries, account, await earlierJob(queries, submission, clock.now()));
  });
}

async function queueJob(
  context: JobContext,
  queries: Queries,
  submission: Submission,
  account: AccountTurn,
): Promise<JobRecord> {
  const { queue } = context;
  const { accountId, request } = submission;
  const { model } = request;
  const job = newJobOf(context, submission);
  const expireInSeconds = expiryOf(request, await findSpeeds(queries, model), request.profile);
  const queued = await reservePlace(context, queries, job, account);
  const virtualStart = await takeTurn(queries, queue, job, { account, queued });
  await insertJob(queries, { ...job, virtualStart });
  await rememberKey(queries, submission, job);
  await announceQueued(queries, { jobId: job.id, accountId });
  const { maxConcurrent } = account;
  const priority = queuePriority(virtualStart);
  await queue.enqueue(queries, { jobId: job.id, model, accountId, priority, expireInSeconds, maxConcurrent });
  return requireJob(await findJob(queries, job.id), accountId, job.id);
}

function newJobOf({ clock, tariff }: JobContext, submission: Submission): Omit<NewJob, 'virtualStart'> {
  const createdAt = clock.now();
  const { startImage: _, idempotency: __, ...job } = submission;
  const { requestId, traceparent = null } = job;
  const price = priceOf(job.request, tariff);
  return { ...job, id: requestId ?? newId(createdAt.getTime()), traceparent, price, createdAt };
}

/** The job of an earlier request with the same idempotency key, unless it failed or was cancelled: then the key may be used again. */
async function earlierJob(
  queries: Queries,
  { accountId, idempotency }: Submission,
  now: Date,
): Promise<JobRecord | null> {
  if (idempotency === null) return null;
  const record = await queries
    .selectFrom('idempotency')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('key', '=', idempotency.key)
    .executeTakeFirst();
  if (record === undefined || record.created_at.getTime() + IDEMPOTENCY_MS <= now.getTime()) return null;
  const job = await findJob(queries, record.job_id);
  if (job?.state === 'failed' || job?.state === 'cancelled') return null;
  if (job !== null && Buffer.compare(record.body_hash, idempotency.bodyHash) === 0) return job;
  // Deleted jobs include failed ones: their outcome is unknown.
  if (job === null) {
    throw new DomainError(
      'conflict',
      `this Idempotency-Key was used for job ${record.job_id}, whose record has been deleted since`,
      { remedy: 'send another key to have the pictures made, and charged, again', param: 'Idempotency-Key' },
    );
  }
  throw new DomainError(
    'idempotency_mismatch',
    'this Idempotency-Key was used with another body in the last 24 hours',
    { remedy: 'send the same body, or another key', param: 'Idempotency-Key' },
  );
}

/** Replaces an earlier record of the key. */
async function rememberKey(
  queries: Queries,
  { accountId, idempotency }: Submission,
  { id, createdAt }: Pick<NewJob, 'id' | 'createdAt'>,
): Promise<void> {
  if (idempotency === null) return;
  const { key, bodyHash } = idempotency;
  await queries.deleteFrom('idempotency').where('account_id', '=', accountId).where('key', '=', key).execute();
  await queries
    .insertInto('idempotency')
    .values({ account_id: accountId, key, body_hash: Buffer.from(bodyHash), job_id: id, created_at: createdAt })
    .execute();
}

/** @returns how many */
export async function deleteIdempotencyKeysBefore(queries: Queries, time: Date): Promise<number> {
  const query = queries.deleteFrom('idempotency').where('created_at', '<', time);
  return Number((await query.executeTakeFirst()).numDeletedRows);
}
