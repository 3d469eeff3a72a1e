import { type Static, Type } from 'typebox';
import { instant, uuid } from '../schema/common-fields.ts';
import { closedObject, count, nullable, openObject, seconds } from '../schema/define.ts';
import { jobSchema } from './job.ts';

const eta = nullable(seconds({ description: 'Estimated seconds to the end', examples: [12.5] }), {
  description: 'Estimated seconds to the end; null while nothing is known',
  examples: [12.5, null],
});

export const jobQueuedEventSchema = openObject(
  {
    position: count({ description: 'The number of jobs before it', examples: [2] }),
    eta,
    paused: Type.Optional(
      Type.Boolean({
        description: 'Whether nothing is started until an administrator resumes the queue',
        examples: [false],
      }),
    ),
  },
  { title: 'JobQueuedEvent', description: 'The job waits' },
);

export const jobStartedEventSchema = openObject(
  { started_at: instant('When the work began') },
  { title: 'JobStartedEvent', description: 'The work has begun; again after a crash of the worker' },
);

export const jobStepEventSchema = openObject(
  {
    index: Type.Integer({ minimum: 1, description: '1 … total', examples: [7] }),
    total: Type.Integer({ minimum: 1, description: 'The steps of all samples', examples: [25] }),
    sigma: Type.Number({ minimum: 0, description: 'The noise level this step started from', examples: [14.6] }),
    eta,
    preview: Type.Optional(
      Type.String({
        description: 'The picture so far: a small JPEG as a data URL; only when asked for',
        examples: ['data:image/jpeg;base64,/9j/4AAQSkZJRg=='],
      }),
    ),
  },
  { title: 'JobStepEvent', description: 'A step is done' },
);

export const jobSampleEventSchema = openObject(
  {
    sample: Type.Integer({ minimum: 0, description: 'Which picture: 0 … samples − 1', examples: [0] }),
    preview: Type.Optional(
      Type.String({
        description: 'The finished picture as a JPEG of half its sides and at most 256 pixels, as a data URL',
        examples: ['data:image/jpeg;base64,/9j/4AAQSkZJRg=='],
      }),
    ),
  },
  {
    title: 'JobSampleEvent',
    description:
      'One of several pictures is finished, but not the last; only of jobs that asked for previews. Of a draft: its picture is finished',
  },
);

export const jobSucceededEventSchema = openObject(
  { job: jobSchema },
  { title: 'JobSucceededEvent', description: 'The pictures are ready; the last event' },
);

export const jobFailedEventSchema = openObject(
  { job: jobSchema },
  { title: 'JobFailedEvent', description: 'It failed, `job.error` says why; nothing was charged; the last event' },
);

export const jobCancelledEventSchema = openObject(
  { job: jobSchema },
  { title: 'JobCancelledEvent', description: 'It was cancelled; nothing was charged; the last event' },
);

/** The name of a server-sent event → the schema of its data. */
export const jobEventSchemas = {
  queued: jobQueuedEventSchema,
  started: jobStartedEventSchema,
  step: jobStepEventSchema,
  sample: jobSampleEventSchema,
  succeeded: jobSucceededEventSchema,
  failed: jobFailedEventSchema,
  cancelled: jobCancelledEventSchema,
} as const;

export type JobEventName = keyof typeof jobEventSchemas;

export type JobQueuedEvent = Static<typeof jobQueuedEventSchema>;
export type JobStartedEvent = Static<typeof jobStartedEventSchema>;
export type JobStepEvent = Static<typeof jobStepEventSchema>;
export type JobSampleEvent = Static<typeof jobSampleEventSchema>;
export type JobSucceededEvent = Static<typeof jobSucceededEventSchema>;
export type JobFailedEvent = Static<typeof jobFailedEventSchema>;
export type JobCancelledEvent = Static<typeof jobCancelledEventSchema>;

/** An event of GET /api/jobs/:id/events: the SSE fields `event` and `data`. */
export type JobEvent =
  | { readonly event: 'queued'; readonly data: JobQueuedEvent }
  | { readonly event: 'started'; readonly data: JobStartedEvent }
  | { readonly event: 'step'; readonly data: JobStepEvent }
  | { readonly event: 'sample'; readonly data: JobSampleEvent }
  | { readonly event: 'succeeded'; readonly data: JobSucceededEvent }
  | { readonly event: 'failed'; readonly data: JobFailedEvent }
  | { readonly event: 'cancelled'; readonly data: JobCancelledEvent };

const jobReference = openObject(
  { id: uuid("The job's id") },
  { title: 'JobReference', description: 'Which job it happened to' },
);

/** Of one stream for all jobs of an account: each event says which job it is of. The last three have the whole job anyway. */
export const accountEventSchemas = {
  queued: openObject(
    { job: jobReference, ...jobQueuedEventSchema.properties },
    { title: 'AccountQueuedEvent', description: 'A job waits' },
  ),
  started: openObject(
    { job: jobReference, ...jobStartedEventSchema.properties },
    { title: 'AccountStartedEvent', description: 'The work on a job has begun' },
  ),
  step: openObject(
    { job: jobReference, ...jobStepEventSchema.properties },
    { title: 'AccountStepEvent', description: 'A step of a job is done' },
  ),
  sample: openObject(
    { job: jobReference, ...jobSampleEventSchema.properties },
    { title: 'AccountSampleEvent', description: 'One of several pictures of a job is finished, but not the last' },
  ),
  succeeded: jobSucceededEventSchema,
  failed: jobFailedEventSchema,
  cancelled: jobCancelledEventSchema,
} as const;

export const eventsQuerySchema = closedObject(
  {
    preview: Type.Optional(
      Type.Boolean({
        description: 'False: without the previews of jobs that were created with `preview`',
        default: true,
        examples: [false],
      }),
    ),
  },
  { title: 'EventsQuery', description: 'The query of GET /api/events' },
);

export type EventsQuery = Static<typeof eventsQuerySchema>;

/** An event of GET /api/events: the SSE fields `event` and `data`. */
export type AccountEvent =
  | { readonly event: 'queued'; readonly data: Static<typeof accountEventSchemas.queued> }
  | { readonly event: 'started'; readonly data: Static<typeof accountEventSchemas.started> }
  | { readonly event: 'step'; readonly data: Static<typeof accountEventSchemas.step> }
  | { readonly event: 'sample'; readonly data: Static<typeof accountEventSchemas.sample> }
  | { readonly event: 'succeeded'; readonly data: JobSucceededEvent }
  | { readonly event: 'failed'; readonly data: JobFailedEvent }
  | { readonly event: 'cancelled'; readonly data: JobCancelledEvent };

export function isJobEventName(name: string): name is JobEventName {
  return Object.hasOwn(jobEventSchemas, name);
}

/** After these the stream ends. */
export function isLastEvent(name: JobEventName): boolean {
  return name === 'succeeded' || name === 'failed' || name === 'cancelled';
}
