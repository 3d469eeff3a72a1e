import { formatSize, type OpenaiCompletedEvent, type OpenaiPartialImageEvent } from '@easel/contract';
import { DomainError } from '../../../domain/domain-error.ts';
import type { JobEvent } from '../../../domain/ports/events.ts';
import type { JobRecord } from '../../../domain/ports/jobs.ts';
import type { RouteContext } from '../../http-app.ts';
import { openaiError } from '../../plugins/error-body.ts';
import { knownError } from '../../plugins/known-error.ts';
import { failureOf, impatience } from '../../requests/end-of-job.ts';
import type { ServerSentEvent } from '../../streams/event-stream.ts';
import { base64Of, unixTime, usageOf } from './images-reply.ts';
import { previewSteps } from './preview-steps.ts';

export interface StreamedJob {
  readonly job: JobRecord;
  readonly previews: number;
  readonly patience: AbortSignal;
  /** Called when the client went away, or the server is about to. */
  readonly leave: () => Promise<void>;
  readonly onError: (error: unknown) => void;
}

/** The previews and pictures of a job as they come. What goes wrong is the last event: the status was sent long ago. */
export async function* streamEvents(
  context: RouteContext,
  streamed: StreamedJob,
): AsyncGenerator<ServerSentEvent, void, undefined> {
  try {
    yield* previews(context, streamed);
    yield* pictures(context, streamed.job.id);
  } catch (error) {
    if (streamed.patience.aborted) {
      await streamed.leave();
      yield errorEvent(impatience(context, streamed.patience));
      return;
    }
    const known = knownError(error);
    if (known === undefined) streamed.onError(error);
    yield errorEvent(known ?? new DomainError('server_error', 'something went wrong on the server'));
  }
}

/** To the end of the job. */
async function* previews(
  { services }: RouteContext,
  { job, previews: wanted, patience }: StreamedJob,
): AsyncGenerator<ServerSentEvent, void, undefined> {
  let sent = 0;
  for await (const { event } of services.followJob(job.id, 0n, patience)) {
    if (event.kind !== 'step' || event.preview === null || event.index === event.total) continue;
    // Not every step is published, so the first one from there on will do.
    const due = previewSteps(event.total, wanted)[sent];
    if (due === undefined || event.index < due) continue;
    yield message(partialImage(job, event.preview, sent));
    sent += 1;
  }
}

async function* pictures({ services }: RouteContext, jobId: string): AsyncGenerator<ServerSentEvent, void, undefined> {
  const { job, images } = await services.jobs.get(null, jobId);
  const failure = failureOf(job);
  if (failure !== null) throw failure;
  const usage = await usageOf(services, job);
  for (const { name, seed } of images) {
    const b64_json = await base64Of(services, name);
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
