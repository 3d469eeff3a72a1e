import {
  formatSize,
  headers,
  microToDecimal,
  type OpenaiCompletedEvent,
  type OpenaiError,
  type OpenaiImage,
  type OpenaiImagesReply,
  type OpenaiImagesRequest,
  type OpenaiPartialImageEvent,
  type OpenaiUsage,
  openaiErrorSchema,
  openaiErrorType,
} from '@easel/contract';
import { fullText } from '@easel/errors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { LONGEST_OUTAGE_MS, retryDuringOutage } from '../../database/away.ts';
import { DomainError } from '../../domain-error.ts';
import { knownError } from '../../http/error-replies.ts';
import { eventStream, eventStreamHeaders, heartbeatOf, type ServerSentEvent } from '../../http/event-streams.ts';
import type { HttpServices } from '../../http/services.ts';
import { submitWork, type Work } from '../../http/submit-work.ts';
import type { ErrorShape, RouteContext } from '../../http/surface.ts';
import { endOfPatience, failureOf, giveUp, picturesGone, undelivered } from '../../http/wait-for-job.ts';
import type { JobRecord } from '../../jobs/job.ts';
import type { JobEvent } from '../../jobs/job-events.ts';
import type { JobView } from '../../jobs/job-views.ts';
import { type ImageRecord, imageUrl } from '../../pictures/images.ts';

export const openaiErrors: ErrorShape = {
  contentType: 'application/json; charset=utf-8',
  schema: openaiErrorSchema,
  body: openaiError,
};

function openaiError(error: DomainError): OpenaiError {
  const { code, param } = error;
  return { error: { message: fullText(error), type: openaiErrorType(code), param: param ?? null, code } };
}

type Format = NonNullable<OpenaiImagesRequest['response_format']>;

export async function imagesReply(
  services: Pick<HttpServices, 'images' | 'tokenize'>,
  { job, images }: JobView,
  format: Format,
  base: string,
): Promise<OpenaiImagesReply> {
  const [first] = images;
  if (first === undefined) throw picturesGone(job);
  const { request, createdAt } = job;
  return {
    created: unixTime(createdAt),
    data: await Promise.all(images.map((image) => imageOf(services, image, format, base))),
    size: formatSize(first),
    output_format: request.format,
    usage: await usageOf(services, job),
  };
}

export function unixTime(moment: Date): number {
  return Math.floor(moment.getTime() / 1000);
}

/** The tokens of the prompt as the first encoder counts them, markers not among them; a picture counts as one. */
async function usageOf(
  services: Pick<HttpServices, 'tokenize'>,
  { request }: Pick<JobRecord, 'request'>,
): Promise<OpenaiUsage> {
  const [tokens] = await services.tokenize(request.model, request.prompt);
  const input = tokens?.count ?? 0;
  return {
    input_tokens: input,
    input_tokens_details: { image_tokens: 0, text_tokens: input },
    output_tokens: request.samples,
    total_tokens: input + request.samples,
  };
}

async function base64Of({ images }: Pick<HttpServices, 'images'>, name: string): Promise<string> {
  return Buffer.from(await images.read(name)).toString('base64');
}

async function imageOf(
  services: Pick<HttpServices, 'images'>,
  image: ImageRecord,
  format: Format,
  base: string,
): Promise<OpenaiImage> {
  const { seed } = image;
  return format === 'url'
    ? { url: imageUrl(image, base), seed }
    : { b64_json: await base64Of(services, image.name), seed };
}

/** The first part of the names of events, by what was asked for. */
export type EventFamily = 'image_generation' | 'image_edit';

/** Takes in the request and answers with the events of its job. */
export async function streamPictures(
  context: RouteContext,
  request: FastifyRequest,
  reply: FastifyReply,
  { work, previews, family }: { readonly work: Work; readonly previews: number; readonly family: EventFamily },
): Promise<FastifyReply> {
  const patience = endOfPatience(context, reply);
  const job = await submitWork(context, request, reply, { ...work, waits: true });
  const onError = (error: unknown) => request.log.error({ err: error, jobId: job.id }, 'a stream of pictures failed');
  const events = streamEvents(context, {
    job,
    previews,
    family,
    patience,
    giveUp: (error) => giveUp(context, request, job.id, { error, patience }),
    onError,
  });
  reply
    .header(headers.cost, microToDecimal(job.price))
    .header(headers.size, formatSize(job.request))
    .headers(eventStreamHeaders);
  return reply.send(eventStream(events, { heartbeatMs: heartbeatOf(context.options), onError }));
}

interface StreamedJob {
  readonly job: JobRecord;
  readonly previews: number;
  readonly family: EventFamily;
  readonly patience: AbortSignal;
  /** Called with what waiting has failed with. @returns the job, if it has succeeded after all @throws what is to be told */
  readonly giveUp: (error: unknown) => Promise<JobView>;
  readonly onError: (error: unknown) => void;
}

/** The previews and pictures of a job as they come. What goes wrong is the last event: the status was sent long ago. */
async function* streamEvents(
  context: RouteContext,
  streamed: StreamedJob,
): AsyncGenerator<ServerSentEvent, void, undefined> {
  try {
    yield* pictures(context, yield* untilEnd(context, streamed), streamed);
  } catch (error) {
    const known = knownError(error);
    if (known === undefined) streamed.onError(error);
    yield errorEvent(
      known ?? new DomainError('server_error', 'something went wrong on the server; nothing was charged'),
    );
  }
}

async function* untilEnd(
  context: RouteContext,
  streamed: StreamedJob,
): AsyncGenerator<ServerSentEvent, JobView, undefined> {
  try {
    const view = yield* previews(context, streamed);
    const failure = failureOf(view.job);
    if (failure !== null) throw failure;
    return view;
  } catch (error) {
    return await streamed.giveUp(error);
  }
}

/** To the end of the job. */
async function* previews(
  { services }: RouteContext,
  { job, previews: wanted, family, patience }: StreamedJob,
): AsyncGenerator<ServerSentEvent, JobView, undefined> {
  let sent = 0;
  for await (const { event } of services.followJob(job.id, 0n, patience)) {
    if ('view' in event) return event.view;
    if (event.kind !== 'step' || event.preview === null || event.index === event.total) continue;
    // Not every step is published, so the first one from there on will do.
    const due = previewSteps(event.total, wanted)[sent];
    if (due === undefined || event.index < due) continue;
    yield message(partialImage(job, event.preview, { index: sent, family }));
    sent += 1;
  }
  throw new TypeError(`the events of job ${job.id} ended before it did`);
}

async function* pictures(
  { services }: RouteContext,
  { job, images }: JobView,
  { patience: signal, family }: StreamedJob,
): AsyncGenerator<ServerSentEvent, void, undefined> {
  if (images.length === 0) throw picturesGone(job);
  const read = <Value>(work: () => Promise<Value>) =>
    retryDuringOutage(work, { signal, withinMs: LONGEST_OUTAGE_MS }).catch((error: unknown) => {
      throw undelivered(job.id, error);
    });
  const usage = await read(() => usageOf(services, job));
  for (const { name, seed } of images) {
    const b64_json = await read(() => base64Of(services, name));
    const completed: OpenaiCompletedEvent = {
      type: `${family}.completed`,
      b64_json,
      seed,
      ...factsOf(job),
      output_format: job.request.format,
      profile: job.request.profile,
      ...(job.device !== null && { device: job.device }),
      usage,
    };
    yield message(completed);
  }
}

function partialImage(
  job: JobRecord,
  preview: NonNullable<Extract<JobEvent, { kind: 'step' }>['preview']>,
  { index, family }: { readonly index: number; readonly family: EventFamily },
): OpenaiPartialImageEvent {
  return {
    type: `${family}.partial_image`,
    b64_json: Buffer.from(preview).toString('base64'),
    partial_image_index: index,
    ...factsOf(job),
    output_format: 'jpeg', // of the preview; the finished picture may be another
  };
}

function factsOf({ createdAt, request }: JobRecord) {
  return {
    created_at: unixTime(createdAt),
    size: formatSize(request),
    background: 'opaque',
    quality: 'auto',
  } as const;
}

function message(data: OpenaiPartialImageEvent | OpenaiCompletedEvent): ServerSentEvent {
  return { id: null, event: data.type, data };
}

function errorEvent(error: DomainError): ServerSentEvent {
  return { id: null, event: 'error', data: { type: 'error', ...openaiError(error) } };
}

/**
 * After which steps previews are sent: as many as asked for, evenly between the start and the end; the finished picture is not
 * among them.
 *
 * @example
 * previewSteps(25, 2); // [8, 17]
 */
export function previewSteps(total: number, previews: number): readonly number[] {
  const steps = Array.from({ length: previews }, (_, index) => Math.round((total * (index + 1)) / (previews + 1)));
  return steps.filter((step) => step >= 1 && step < total);
}
