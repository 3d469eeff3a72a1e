import type { FastifyRequest } from 'fastify';
import type { JobRequest } from '../../domain/job-request.ts';
import type { JobSurface } from '../../domain/ports/jobs.ts';
import type { Submitted } from '../../domain/submit-job.ts';
import type { RouteContext } from '../http-app.ts';
import { callerOf } from '../request-state.ts';
import { idempotencyOf } from './idempotency.ts';

export interface Work {
  readonly surface: JobSurface;
  readonly request: JobRequest;
  /** The file of the picture to start from. */
  readonly startImage?: Uint8Array | null;
  readonly priority?: number;
  readonly store?: boolean;
}

/** Takes in a valid request: the last question, whether it can be paid, is asked here. */
export async function submitWork(
  { services }: RouteContext,
  request: FastifyRequest,
  { surface, request: jobRequest, startImage = null, priority = 0, store = true }: Work,
): Promise<Submitted> {
  const { accountId, keyId } = callerOf(request);
  const idempotency = idempotencyOf(request);
  const submitted = await services.submitJob.submit({
    accountId,
    keyId,
    surface,
    request: jobRequest,
    startImage,
    priority,
    store,
    idempotency,
    requestId: request.id,
  });
  // The job has what it needs: a call that waits for it, maybe for long, need not hold a picture in memory.
  request.body = undefined;
  request.leaveRoom?.();
  return submitted;
}
