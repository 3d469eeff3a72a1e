import { fixedMessages } from '@easel/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DomainError } from '../../domain/domain-error.ts';
import type { JobView } from '../../domain/job-queries.ts';
import type { JobRecord } from '../../domain/ports/jobs.ts';
import type { RouteContext } from '../http-app.ts';
import { callerOf } from '../request-state.ts';
import { clientGone } from './client-gone.ts';
import { isRepeatable } from './idempotency.ts';

/** Aborted when the key of the request is revoked or expires. */
function keyEnded({ services }: RouteContext, { request, raw }: FastifyReply): AbortSignal {
  const ending = services.endOfKey(callerOf(request).keyId);
  raw.once('close', () => ending[Symbol.dispose]());
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
 * Waits for the job of a synchronous request. Should its client go away, nobody will ask for the pictures, and the job is
 * cancelled; unless the request had an idempotency key, for then the same request may come again.
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
    return succeeded(view);
  } catch (error) {
    if (!patience.aborted) throw error;
    await leaveJob(context, request, jobId);
    throw impatience(context, patience);
  }
}

/** Cancels the job of a client that will not ask for it again. */
export async function leaveJob({ services }: RouteContext, request: FastifyRequest, jobId: string): Promise<void> {
  if (!isRepeatable(request)) await services.cancelJob.cancel(callerOf(request).accountId, jobId);
}

/** What to tell when patience has ended, if there is still somebody to tell it to. */
export function impatience({ options: { drained } }: RouteContext, { reason }: AbortSignal): DomainError {
  if (reason instanceof DomainError) return reason;
  if (drained?.aborted !== true) return new DomainError('cancelled', fixedMessages.cancelled);
  return new DomainError('overloaded', 'the server is restarting; send the request again');
}

function succeeded(view: JobView): JobView {
  const failure = failureOf(view.job);
  if (failure !== null) throw failure;
  return view;
}

/** Why there are no pictures; null when there are, or will be. */
export function failureOf({ state, failure }: JobRecord): DomainError | null {
  if (state === 'cancelled') return new DomainError('cancelled', fixedMessages.cancelled);
  if (state !== 'failed') return null;
  if (failure === null) return new DomainError('server_error', 'the run failed; nothing was charged');
  return new DomainError(failure.code, failure.message, failure.param === null ? {} : { param: failure.param });
}
