import {
  type AccountEvent,
  accountEventSchemas,
  eventsQuerySchema,
  headers,
  type JobEvent,
  jobEventSchemas,
  jobParamsSchema,
  paths,
} from '@easel/contract';
import {
  eventStream,
  eventStreamHeaders,
  heartbeatOf,
  lastEventId,
  resumeHeaders,
  type ServerSentEvent,
} from '../../http/event-streams.ts';
import {
  callerHeaders,
  errorReplies,
  eventStreamContent,
  hidden,
  keyErrors,
  needsKey,
} from '../../http/route-schemas.ts';
import type { HttpServices } from '../../http/services.ts';
import { baseUrl, callerOf, type HttpApp, problems, type RouteContext } from '../../http/surface.ts';
import { endOfStream } from '../../http/wait-for-job.ts';
import type { FollowedEvent } from '../../jobs/feed-reading.ts';
import type { FollowedAccount } from '../../jobs/job-feed.ts';
import { jobReply } from '../../jobs/job-views.ts';

const jobSchema = {
  operationId: 'jobEvents',
  tags: ['jobs'],
  summary: 'Follow a job, as server-sent events',
  description: `Event names: ${Object.keys(jobEventSchemas).join(', ')}; the last three end the stream.`,
  security: needsKey,
  params: jobParamsSchema,
  headers: resumeHeaders,
  response: {
    200: {
      description: 'The event stream',
      headers: callerHeaders,
      content: eventStreamContent(jobEventSchemas),
    },
    ...errorReplies(problems, ...keyErrors, 'not_found', 'invalid_request', 'overloaded'),
  },
} as const;

/** GET /api/jobs/:id/events */
export function jobEventsRoute(app: HttpApp, context: RouteContext): void {
  const { services, gate, options, streams } = context;
  const onRequest = gate.ownKey;
  app.get(paths.api.jobEvents, { schema: jobSchema, onRequest, exposeHeadRoute: false }, async (request, reply) => {
    const { accountId, keyId } = callerOf(request);
    const { job } = await services.jobs.get(accountId, request.params.id);
    streams.take(keyId, reply);
    reply.headers(eventStreamHeaders);
    const patience = endOfStream(context, reply);
    const base = baseUrl(request, options.publicUrl);
    const events = jobEvents(services, { jobId: job.id, after: lastEventId(request), base, patience });
    const onError = (error: unknown) => request.log.error({ err: error, jobId: job.id }, 'an event stream failed');
    return reply.send(eventStream(events, { heartbeatMs: heartbeatOf(options), onError }));
  });
  app.head(paths.api.jobEvents, { schema: hidden(jobSchema), onRequest }, async (request, reply) => {
    await services.jobs.get(callerOf(request).accountId, request.params.id);
    return reply.headers(eventStreamHeaders).send();
  });
}

const accountSchema = {
  operationId: 'events',
  tags: ['jobs'],
  summary: "Follow all jobs of the key's account, as server-sent events",
  description:
    'Starts with the state of each job that has not ended, then sends every new event; the stream does not end. Each event has `job.id`; the last ' +
    'event of a job has the whole `job`. Only the last events of jobs have ids: a client that reconnects with `Last-Event-ID` gets every last event that ' +
    'it has missed (the newest 1,000), and the state of the jobs that run.',
  security: needsKey,
  querystring: eventsQuerySchema,
  headers: resumeHeaders,
  response: {
    200: {
      description: 'The event stream',
      headers: callerHeaders,
      content: eventStreamContent(accountEventSchemas),
    },
    ...errorReplies(problems, ...keyErrors, 'invalid_request', 'overloaded'),
  },
} as const;

/** GET /api/events */
export function eventsRoute(app: HttpApp, context: RouteContext): void {
  const { services, gate, options, streams } = context;
  const onRequest = gate.key('read');
  app.get(paths.api.events, { schema: accountSchema, onRequest, exposeHeadRoute: false }, async (request, reply) => {
    const { accountId, keyId } = callerOf(request);
    streams.take(keyId, reply);
    const patience = endOfStream(context, reply);
    const after = request.headers[headers.lastEventId] === undefined ? null : lastEventId(request);
    const followed = await services.followAccount(accountId, after, patience);
    const base = baseUrl(request, options.publicUrl);
    const events = accountEvents(followed, { base, patience, withPreviews: request.query.preview ?? true });
    const onError = (error: unknown) => request.log.error({ err: error }, 'an event stream failed');
    reply.headers(eventStreamHeaders);
    return reply.send(eventStream(events, { heartbeatMs: heartbeatOf(options), onError }));
  });
  app.head(paths.api.events, { schema: hidden(accountSchema), onRequest }, async (_request, reply) =>
    reply.headers(eventStreamHeaders).send(),
  );
}

export interface Following {
  /** Of absolute URLs. */
  readonly base: string;
  readonly patience: AbortSignal;
}

/** The events of a job, as they are sent. They end when `patience` is aborted: the client reconnects. */
async function* jobEvents(
  { followJob }: Pick<HttpServices, 'followJob'>,
  { jobId, after, base, patience }: Following & { readonly jobId: string; readonly after: bigint },
): AsyncGenerator<ServerSentEvent, void, undefined> {
  try {
    for await (const followed of followJob(jobId, after, patience)) yield sent(followed, wireEvent(followed, base));
  } catch (error) {
    if (!patience.aborted) throw error;
  }
}

/** The events of an account's jobs. The first one has only an id, the cursor at which they begin, so that the client can resume. */
async function* accountEvents(
  { cursor, events }: FollowedAccount,
  { base, patience, withPreviews }: Following & { readonly withPreviews: boolean },
): AsyncGenerator<ServerSentEvent, void, undefined> {
  yield { id: String(cursor) };
  try {
    for await (const followed of events) yield sent(followed, accountEvent(followed, base, withPreviews));
  } catch (error) {
    if (!patience.aborted) throw error;
  }
}

function sent({ id }: FollowedEvent, { event, data }: JobEvent | AccountEvent): ServerSentEvent {
  return { id: id === null ? null : String(id), event, data };
}

function accountEvent(followed: FollowedEvent, base: string, withPreviews: boolean): AccountEvent {
  const job = { id: followed.jobId };
  const wire = wireEvent(followed, base);
  switch (wire.event) {
    case 'queued':
      return { event: wire.event, data: { job, ...wire.data } };
    case 'started':
      return { event: wire.event, data: { job, ...wire.data } };
    case 'step': {
      const { preview, ...data } = wire.data;
      return { event: wire.event, data: { job, ...data, ...(withPreviews && preview !== undefined && { preview }) } };
    }
    case 'sample': {
      const { preview, ...data } = wire.data;
      return { event: wire.event, data: { job, ...data, ...(withPreviews && preview !== undefined && { preview }) } };
    }
    default:
      return wire;
  }
}

function wireEvent({ event }: FollowedEvent, base: string): JobEvent {
  switch (event.kind) {
    case 'queued':
      return { event: 'queued', data: { position: event.position, eta: event.etaSeconds, paused: event.isPaused } };
    case 'started':
      return { event: 'started', data: { started_at: event.startedAt.toISOString() } };
    case 'step':
      return { event: 'step', data: stepData(event) };
    case 'sample':
      return { event: 'sample', data: { sample: event.sample, preview: dataUrl(event.preview) } };
    default:
      return { event: event.kind, data: { job: jobReply(event.view, base) } };
  }
}

function stepData({ index, total, sigma, etaSeconds, preview }: Extract<FollowedEvent['event'], { kind: 'step' }>) {
  return { index, total, sigma, eta: etaSeconds, ...(preview === null ? {} : { preview: dataUrl(preview) }) };
}

/** Data URLs of previews, shared by all clients that follow a job. */
const dataUrls = new WeakMap<Uint8Array, string>();

function dataUrl(preview: Uint8Array): string {
  const known = dataUrls.get(preview);
  if (known !== undefined) return known;
  const url = `data:image/jpeg;base64,${Buffer.from(preview).toString('base64')}`;
  dataUrls.set(preview, url);
  return url;
}
