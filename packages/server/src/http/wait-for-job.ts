import {
  finishedSize,
  fixedMessages,
  headers,
  inWireNames,
  microToDecimal,
  type OutputMetadata,
  paths,
} from '@easel/contract';
import { hasCode, isCodedError } from '@easel/errors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { LONGEST_OUTAGE_MS, retryDuringOutage } from '../database/away.ts';
import { DomainError } from '../domain-error.ts';
import type { JobRecord } from '../jobs/job.ts';
import type { JobView } from '../jobs/job-views.ts';
import type { ModelCard } from '../models/model-card.ts';
import { notesHeader } from './notes.ts';
import { callerOf, type RouteContext } from './surface.ts';
import { whenClosed } from './when-closed.ts';

/** In which a job that is given up is cancelled before its client is answered; then it goes on without him. */
const CANCEL_MS = 10_000;

/** Aborted when the key of the request is revoked or expires. */
function keyEnded({ services }: RouteContext, { request, raw }: FastifyReply): AbortSignal {
  const ending = services.watchKey(callerOf(request).keyId);
  whenClosed(raw, () => ending[Symbol.dispose]()); // at once where the client is gone already
  return ending.signal;
}

/** Aborted when it makes no sense to wait for pictures any longer: the client went away, its key has ended, or no job will end here any more. */
export function endOfPatience(context: RouteContext, reply: FastifyReply): AbortSignal {
  const { drained } = context.options;
  const gone = [clientGone(reply), keyEnded(context, reply)];
  return AbortSignal.any(drained ? [...gone, drained] : gone);
}

/** Aborted when a stream that the client can resume has to end: the client went away, its key has ended, or the server is about to. */
export function endOfStream(context: RouteContext, reply: FastifyReply): AbortSignal {
  const { stopping } = context.options;
  const gone = [clientGone(reply), keyEnded(context, reply)];
  return AbortSignal.any(stopping ? [...gone, stopping] : gone);
}

/**
 * Waits for the job of a synchronous request, also over an outage of the database. Should its client go away, nobody will ask for
 * the pictures, and the job is cancelled; unless the request had an idempotency key, for then the same request may come again.
 *
 * @param patience see `endOfPatience`; to be made before the job is submitted, so that nothing is missed
 * @throws DomainError with what the job failed with
 */
export async function endOfJob(
  context: RouteContext,
  request: FastifyRequest,
  jobId: string,
  patience: AbortSignal,
): Promise<JobView> {
  try {
    const view = await context.services.waitForJob(jobId, patience);
    // With a key that was revoked its waiting jobs are cancelled.
    if (view.job.state === 'cancelled') await context.services.keys.expiryOf(callerOf(request).keyId);
    const failure = failureOf(view.job);
    if (failure !== null) throw failure;
    return view;
  } catch (error) {
    return giveUp(context, request, jobId, { error, patience });
  }
}

/**
 * After waiting for a job has failed: what is answered has to be true. A job that nobody can ask for again is cancelled first;
 * one that has succeeded meanwhile is answered after all.
 *
 * @throws DomainError that says what became of it
 */
export async function giveUp(
  context: RouteContext,
  request: FastifyRequest,
  jobId: string,
  { error, patience }: { readonly error: unknown; readonly patience: AbortSignal },
): Promise<JobView> {
  if (!patience.aborted && error instanceof DomainError) throw error;
  const { services, options } = context;
  const { accountId } = callerOf(request);
  if (!isRepeatable(request)) {
    const job = await cancelForSure(context, request, jobId);
    if (job.state === 'succeeded' && !(patience.reason instanceof DomainError))
      return services.jobs.get(accountId, jobId);
    if (job.state === 'failed') throw failureOf(job) ?? error;
  } else if (!patience.aborted) {
    throw unknownOutcome(jobId, 'retry the request with the same Idempotency-Key', error);
  }
  // Also the reason of a key that has ended.
  if (!patience.aborted || isCodedError(error)) throw error;
  if (options.drained?.aborted !== true) throw new DomainError('cancelled', fixedMessages.cancelled);
  throw new DomainError('overloaded', 'the server is restarting', { remedy: 'retry the request' });
}

/** Whether the same request may come again, for its client chose a key for it. */
function isRepeatable({ headers: sent }: FastifyRequest): boolean {
  return typeof sent[headers.idempotencyKey] === 'string';
}

/** Goes on trying without the client when it takes too long; a server that ends before leaves it to the next one. */
async function cancelForSure({ services }: RouteContext, request: FastifyRequest, jobId: string): Promise<JobRecord> {
  const cancel = () => services.cancelJob(callerOf(request).accountId, jobId);
  try {
    return await retryDuringOutage(cancel, { withinMs: CANCEL_MS });
  } catch (error) {
    if (!hasCode(error, 'database_lost')) throw error;
    cancelLater(request, jobId, cancel);
    throw unknownOutcome(jobId, 'unless it has ended, it will be cancelled as soon as possible', error);
  }
}

export function cancelLater(request: FastifyRequest, jobId: string, cancel: () => Promise<unknown>): void {
  void retryDuringOutage(cancel).catch((error: unknown) => {
    if (error instanceof DomainError && error.code === 'not_found') return;
    request.log.error({ err: error, jobId }, 'a job that nobody waits for could not be cancelled');
  });
}

/** Neither a success nor a failure: with where to ask. */
function unknownOutcome(jobId: string, next: string, cause: unknown): DomainError {
  const message = `the outcome of job ${jobId} is not known yet`;
  const remedy = `GET ${paths.api.job.replace(':id', jobId)} shows it; ${next}`;
  return new DomainError('overloaded', message, { remedy, retryAfterSeconds: 10, cause });
}

/**
 * Reads what a job that is paid for has made. It is not a failure of the job when that does not work: the client is told where
 * the pictures are.
 */
export async function deliver<Delivered>(
  request: FastifyRequest,
  reply: FastifyReply,
  { job }: JobView,
  { patience, read }: { readonly patience: AbortSignal; readonly read: () => Promise<Delivered> },
): Promise<Delivered> {
  reply.header(headers.cost, microToDecimal(job.price));
  try {
    return await retryDuringOutage(read, { signal: patience, withinMs: LONGEST_OUTAGE_MS });
  } catch (error) {
    if (error instanceof DomainError) throw error;
    if (!patience.aborted) request.log.error({ err: error, jobId: job.id }, 'finished pictures cannot be read');
    throw undelivered(job.id, error);
  }
}

export function undelivered(jobId: string, cause: unknown): DomainError {
  const path = paths.segmind.poll.replace(':id', jobId);
  const message = 'the pictures are finished and charged, but cannot be read at the moment';
  const remedy = `fetch them later with GET ${path}`;
  return new DomainError('overloaded', message, { remedy, retryAfterSeconds: 10, cause });
}

/** Why there are no pictures; null when there are, or will be. */
export function failureOf({
  state,
  failure,
  request,
}: Pick<JobRecord, 'state' | 'failure' | 'request'>): DomainError | null {
  if (state === 'cancelled') return new DomainError('cancelled', fixedMessages.cancelled);
  if (state !== 'failed') return null;
  if (failure === null) return new DomainError('server_error', 'the run failed; nothing was charged');
  const { message, param } = inWireNames(failure, 'api', request.called);
  return new DomainError(failure.code, message, param === undefined ? {} : { param });
}

/** What a request is answered with, or one that repeats its idempotency key, when it went well and its pictures are no longer kept. */
export function picturesGone({ id, finishedAt }: JobRecord): DomainError {
  const when = finishedAt === null ? '' : ` on ${finishedAt.toISOString()}`;
  return new DomainError('not_found', `the pictures of request ${id}, which succeeded${when}, have been deleted`, {
    remedy:
      'to generate them again, and be charged again, send the request without its Idempotency-Key or with another one',
  });
}

/** The client closed its connection before it had the whole reply. */
export class ClientGone extends Error {
  constructor() {
    super('the client closed the connection');
    this.name = 'ClientGone';
  }
}

/** Aborted, with `ClientGone`, when nobody is there any more to take the reply. */
export function clientGone({ raw }: FastifyReply): AbortSignal {
  const controller = new AbortController();
  whenClosed(raw, () => {
    if (!raw.writableFinished) controller.abort(new ClientGone());
  });
  return controller.signal;
}

/** What a synchronous reply tells of its pictures besides the pictures. */
export function addGenerationHeaders(
  reply: FastifyReply,
  { request, price, runMs, device, arithmetic }: JobRecord,
  { name }: ModelCard,
): void {
  const metadata: OutputMetadata = {
    ...finishedSize(request),
    seed: request.seed,
    steps: request.steps,
    guidance_scale: request.guidanceScale,
    scheduler: request.scheduler,
    profile: request.profile,
    model: name,
    ...(device !== null && { device }),
    ...(arithmetic === 'float16' && { arithmetic }),
  };
  if (device !== null) reply.header(headers.device, device);
  if (request.notes !== undefined && request.notes.length > 0) reply.header(headers.notes, notesHeader(request.notes));
  reply
    .header(headers.cost, microToDecimal(price))
    .header(headers.generationTime, String((runMs ?? 0) / 1000))
    .header(headers.seedValue, String(request.seed))
    .header(headers.outputMetadata, JSON.stringify(metadata));
}
