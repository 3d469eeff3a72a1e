import { type FieldValues, headers, type Size } from '@easel/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DatabaseAway } from '../../database/away.ts';
import { type JobRecord, type JobSurface, surfaceOfJob } from '../../jobs/jobs-port.ts';
import type { Submission } from '../../jobs/submit-job.ts';
import type { ModelCard } from '../../models/model-card.ts';
import type { RouteContext } from '../http-app.ts';
import { callerOf } from '../request-state.ts';
import { clientGone } from './client-gone.ts';
import { cancelLater } from './end-of-job.ts';
import { idempotencyOf } from './idempotency.ts';
import { inputImage } from './input-image.ts';
import { askedBy, jobRequestOf } from './job-request.ts';

export interface Work {
  readonly surface: JobSurface;
  /** Valid by the schema of the surface. */
  readonly body: object & { readonly prompt: string };
  /** What the surface says in a way of its own. */
  readonly instead?: FieldValues;
  readonly card: ModelCard;
  /** Whether the client waits for the end of the job with this request. */
  readonly waits?: boolean;
  readonly priority?: number | undefined;
  readonly store?: boolean | undefined;
}

/**
 * Takes in a valid request.
 *
 * @throws DomainError as `SubmitJob.submit`, and `invalid_request` for a size or picture that cannot be used
 */
export async function submitWork(
  context: RouteContext,
  request: FastifyRequest,
  reply: FastifyReply,
  { surface, body, instead = {}, card, waits = false, priority = 0, store = true }: Work,
): Promise<JobRecord> {
  const { serverId } = context.services;
  const { accountId, keyId } = callerOf(request);
  const asked = askedBy(body, surfaceOfJob(surface));
  const values = { ...asked.values, ...instead, prompt: body.prompt };
  const file = await inputImage(context, request, values.image);
  const idempotency = idempotencyOf(request);
  const submissionOf = (picture: Size | null): Submission => ({
    accountId,
    keyId,
    surface,
    request: jobRequestOf({ ...asked, values }, card, picture),
    startImage: file,
    priority,
    store,
    waiter: waits && idempotency === null ? serverId : null,
    idempotency,
    requestId: request.id,
  });
  const job =
    file === null
      ? await take(context, request, submissionOf(null))
      : await takeWithPicture(context, request, reply, file, submissionOf);
  request.jobId = job.id;
  // What it leads to can be asked for, also when it is an earlier request's job.
  reply.header(headers.requestId, job.id);
  // The job has what it needs: a call that waits for it, maybe for long, need not hold a picture in memory.
  request.body = undefined;
  request.leaveRoom?.();
  return job;
}

/**
 * Of a picture to start from the header is read first, which says what the job is and costs; then it is asked whether the job can be paid and
 * has a place; and only then is the picture decoded.
 */
async function takeWithPicture(
  context: RouteContext,
  request: FastifyRequest,
  reply: FastifyReply,
  file: Uint8Array,
  submissionOf: (picture: Size) => Submission,
): Promise<JobRecord> {
  const { submitJob, inputPictures } = context.services;
  const { accountId: owner } = callerOf(request);
  const considered = await inputPictures.use(file, { owner, signal: clientGone(reply) }, async (picture) => {
    const submission = submissionOf(picture.size);
    const earlier = await submitJob.consider(submission);
    if (earlier !== null) return { earlier, submission };
    return { earlier, submission: { ...submission, startImage: await picture.fit(submission.request) } };
  });
  return considered.earlier ?? take(context, request, considered.submission);
}

async function take({ services }: RouteContext, request: FastifyRequest, submission: Submission): Promise<JobRecord> {
  try {
    return (await services.submitJob.submit(submission)).job;
  } catch (error) {
    // Should it have been taken after all, nobody would know of it.
    if (error instanceof DatabaseAway && submission.idempotency === null) {
      cancelLater(request, request.id, () => services.cancelJob.cancel(submission.accountId, request.id));
    }
    throw error;
  }
}
