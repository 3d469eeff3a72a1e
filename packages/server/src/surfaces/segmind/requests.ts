import {
  headers,
  jobParamsSchema,
  microToNumber,
  paths,
  type SegmindCredits,
  type SegmindError,
  type SegmindFailed,
  type SegmindFailedMetrics,
  type SegmindImage,
  type SegmindResult,
  type SegmindRunningMetrics,
  type SegmindStatus,
  type SegmindSubmitted,
  segmindCreditsSchema,
  segmindErrorSchema,
  segmindFailedSchema,
  segmindResultSchema,
  segmindStatusSchema,
} from '@easel/contract';
import { fullText } from '@easel/errors';
import { Type } from 'typebox';
import { callerHeaders, errorReplies, jsonReply, keyErrors, needsKey, text } from '../../http/route-schemas.ts';
import { baseUrl, callerOf, type ErrorShape, type HttpApp, type RouteContext } from '../../http/surface.ts';
import { failureOf, picturesGone } from '../../http/wait-for-job.ts';
import type { JobRecord } from '../../jobs/job.ts';
import type { JobView } from '../../jobs/job-views.ts';
import { fileNameOf, type ImageRecord, imageUrl, mediaTypeOf } from '../../pictures/images.ts';

export const segmindErrors: ErrorShape = {
  contentType: 'application/json; charset=utf-8',
  schema: segmindErrorSchema,
  body(error, { requestId }): SegmindError {
    const { code, param } = error;
    return { error: fullText(error), code, request_id: requestId, ...(param === undefined ? {} : { param }) };
  },
};

const statusSchema = {
  operationId: 'segmindStatus',
  tags: ['segmind'],
  summary: 'Get the status of a request',
  security: needsKey,
  params: jobParamsSchema,
  response: {
    200: jsonReply('The status', segmindStatusSchema, callerHeaders),
    422: jsonReply('The run failed or was cancelled', segmindFailedSchema, callerHeaders),
    ...errorReplies(segmindErrors, ...keyErrors, 'not_found'),
  },
} as const;

/** GET /v2/requests/:id/status */
export function statusRoute(app: HttpApp, { services, gate, options }: RouteContext): void {
  app.get(paths.segmind.status, { schema: statusSchema, onRequest: gate.ownKey }, async (request, reply) => {
    const view = await services.jobs.get(callerOf(request).accountId, request.params.id);
    const failed = failedReply(view.job);
    if (failed !== null) return reply.code(422).send(failed);
    return statusReply(view, baseUrl(request, options.publicUrl));
  });
}

const description = 'The pictures, or the status of a request that is not finished';

const schemaFor = (operationId: string) =>
  ({
    operationId,
    tags: ['segmind'],
    summary: 'Get the pictures of a request',
    security: needsKey,
    params: jobParamsSchema,
    response: {
      200: jsonReply(description, Type.Union([segmindResultSchema, segmindStatusSchema]), {
        ...callerHeaders,
        [headers.device]: text('The device that drew the pictures', 'webgpu'),
      }),
      422: jsonReply('The run failed or was cancelled', segmindFailedSchema, callerHeaders),
      ...errorReplies(segmindErrors, ...keyErrors, 'not_found'),
    },
  }) as const;

const addresses = [
  [paths.segmind.result, 'segmindResult'],
  [paths.segmind.poll, 'segmindPoll'],
] as const;

/** GET /v2/requests/:id and, in the older form, GET /v1/requests/:id */
export function resultRoutes(app: HttpApp, { services, gate, options }: RouteContext): void {
  for (const [path, operationId] of addresses) {
    app.get(path, { schema: schemaFor(operationId), onRequest: gate.ownKey }, async (request, reply) => {
      const { accountId } = callerOf(request);
      const view = await services.jobs.get(accountId, request.params.id);
      const failed = failedReply(view.job);
      if (failed !== null) return reply.code(422).send(failed);
      const base = baseUrl(request, options.publicUrl);
      if (view.job.state !== 'succeeded') return statusReply(view, base);
      if (view.job.device !== null) reply.header(headers.device, view.job.device);
      return resultReply(view, base, (await services.credits.balance(accountId)).available);
    });
  }
}

/** All credits here come by grants and are told as `credits`; none are counted apart. */
const FREE_CREDITS = 0;

const creditsSchema = {
  operationId: 'segmindCredits',
  tags: ['segmind'],
  summary: 'Get the available credits',
  security: needsKey,
  response: {
    200: jsonReply('The credits', segmindCreditsSchema, callerHeaders),
    ...errorReplies(segmindErrors, ...keyErrors),
  },
} as const;

/** GET /v1/get-user-credits */
export function creditsRoute(app: HttpApp, { services, gate }: RouteContext): void {
  app.get(
    paths.segmind.credits,
    { schema: creditsSchema, onRequest: gate.ownKey },
    async (request): Promise<SegmindCredits> => {
      const { available } = await services.credits.balance(callerOf(request).accountId);
      return { credits: microToNumber(available), 'free-credits': FREE_CREDITS };
    },
  );
}

const statuses = { queued: 'QUEUED', running: 'PROCESSING', succeeded: 'COMPLETED' } as const;

/** How far a request is; null when it has failed. */
function statusReply({ job }: JobView, base: string): SegmindStatus | null {
  const { id, state } = job;
  if (state === 'failed' || state === 'cancelled') return null;
  const { status_url, response_url } = requestUrls(id, base);
  const metrics = state === 'succeeded' ? timesOf(job) : timesSoFar(job);
  return { status: statuses[state], request_id: id, status_url, response_url, metrics };
}

/** What status and result say of a request that came to nothing; null when it has not. */
function failedReply(job: JobRecord): SegmindFailed | null {
  const failure = failureOf(job);
  return failure && { status: 'FAILED', error: failure.message, request_id: job.id, metrics: timesOf(job) };
}

/**
 * @param remaining what the account can spend, in micro-credits
 * @throws DomainError `not_found` once the pictures are gone
 */
function resultReply({ job, images }: JobView, base: string, remaining: bigint): SegmindResult {
  if (images[0] === undefined) {
    throw picturesGone(job);
  }
  const first = imageUrl(images[0], base);
  return {
    status: 'COMPLETED',
    images: images.map((image) => resultImage(image, base)),
    output: first,
    image: first,
    seed: String(job.request.seed),
    prompt: job.prompt ?? '',
    metrics: { cost: microToNumber(job.price), remaining_credits: microToNumber(remaining), ...timesOf(job) },
  };
}

function resultImage(image: ImageRecord, base: string): SegmindImage {
  return {
    url: imageUrl(image, base),
    content_type: mediaTypeOf(image.format),
    file_name: fileNameOf(image),
    file_size: image.bytes,
  };
}

/** Where a request can be asked about. The SDK follows them as they are, so they are absolute. */
export function requestUrls(
  id: string,
  base: string,
): Pick<SegmindSubmitted, 'poll_url' | 'status_url' | 'response_url'> {
  const { poll, status, result } = paths.segmind;
  const at = (path: string) => `${base}${path.replace(':id', id)}`;
  return { poll_url: at(poll), status_url: at(status), response_url: at(result) };
}

/** The times of a job that has ended, in seconds. One that never ran has only waited. */
function timesOf({ createdAt, finishedAt, queueMs, runMs }: JobRecord): SegmindFailedMetrics {
  const totalMs = finishedAt === null ? 0 : Math.max(0, finishedAt.getTime() - createdAt.getTime());
  return {
    inference_time: (runMs ?? 0) / 1000,
    queue_time: (queueMs ?? totalMs) / 1000,
    total_time: totalMs / 1000,
  };
}

/** What is known of the times of a job that has not ended. */
function timesSoFar({ queueMs }: JobRecord): SegmindRunningMetrics {
  return queueMs === null ? {} : { queue_time: queueMs / 1000 };
}
