import { formatSize, type OpenaiCompletedEvent, type OpenaiPartialImageEvent } from '@easel/contract';
import { OUTAGE_PATIENCE_MS, outlast } from '../../database/away.ts';
import { DomainError } from '../../domain-error.ts';
import type { RouteContext } from '../../http/http-app.ts';
import { openaiError } from '../../http/plugins/error-body.ts';
import { knownError } from '../../http/plugins/known-error.ts';
import { failureOf, picturesGone, undelivered } from '../../http/requests/end-of-job.ts';
import type { ServerSentEvent } from '../../http/streams/event-stream.ts';
import type { JobEvent } from '../../jobs/events-port.ts';
import type { JobView } from '../../jobs/job-queries.ts';
import type { JobRecord } from '../../jobs/jobs-port.ts';
import { base64Of, unixTime, usageOf } from './images-reply.ts';
import { previewSteps } from './preview-steps.ts';

export interface StreamedJob {
  readonly job: JobRecord;
  readonly previews: number;
  readonly patience: AbortSignal;
  /** Called with what waiting has failed with. @returns the job, if it has succeeded after all @throws what is to be told */
  readonly giveUp: (error: unknown) => Promise<JobView>;
  readonly onError: (error: unknown) => void;
}

/** The previews and pictures of a job as they come. What goes wrong is the last event: the status was sent long ago. */
export async function* streamEvents(
  context: RouteContext,
  streamed: StreamedJob,
): AsyncGenerator<ServerSentEvent, void, undefined> {
  try {
    yield* pictures(context, yield* untilEnd(context, streamed), streamed.patience);
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
  { job, previews: wanted, patience }: StreamedJob,
): AsyncGenerator<ServerSentEvent, JobView, undefined> {
  let sent = 0;
  for await (const { event } of services.followJob(job.id, 0n, patience)) {
    if ('view' in event) return event.view;
    if (event.kind !== 'step' || event.preview === null || event.index === event.total) continue;
    // Not every step is published, so the first one from there on will do.
    const due = previewSteps(event.total, wanted)[sent];
    if (due === undefined || event.index < due) continue;
    yield message(partialImage(job, event.preview, sent));
    sent += 1;
  }
  throw new TypeError(`the events of job ${job.id} ended before it did`);
}

async function* pictures(
  { services }: RouteContext,
  { job, images }: JobView,
  signal: AbortSignal,
): AsyncGenerator<ServerSentEvent, void, undefined> {
  if (images.length === 0) throw picturesGone(job);
  const read = <Value>(work: () => Promise<Value>) =>
    outlast(work, { signal, withinMs: OUTAGE_PATIENCE_MS }).catch((error: unknown) => {
      throw undelivered(job.id, error);
    });
  const usage = await read(() => usageOf(services, job));
  for (const { name, seed } of images) {
    const b64_json = await read(() => base64Of(services, name));
    const completed: OpenaiCompletedEvent = {
      type: 'image_generation.completed',
      b64_json,
      seed,
      ...factsOf(job),
      output_format: job.request.format,
      usage,
    };
    yield message(completed);
  }
}

function partialImage(
  job: JobRecord,
  preview: NonNullable<Extract<JobEvent, { kind: 'step' }>['preview']>,
  index: number,
): OpenaiPartialImageEvent {
  return {
    type: 'image_generation.partial_image',
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
