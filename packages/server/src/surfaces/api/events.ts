import { accountEventSchemas, eventsQuerySchema, headers, paths } from '@easel/contract';
import type { HttpApp, RouteContext } from '../../http/http-app.ts';
import { callerOf } from '../../http/request-state.ts';
import { baseUrl } from '../../http/requests/base-url.ts';
import { endOfStream } from '../../http/requests/end-of-job.ts';
import { lastEventId, resumeHeaders } from '../../http/requests/last-event-id.ts';
import { eventStreamContent } from '../../http/schemas/event-stream.ts';
import { callerHeaders } from '../../http/schemas/headers.ts';
import { hidden } from '../../http/schemas/hidden.ts';
import { errorReplies, keyErrors } from '../../http/schemas/replies.ts';
import { needsKey } from '../../http/schemas/security.ts';
import { eventStream, eventStreamHeaders, heartbeatOf } from '../../http/streams/event-stream.ts';
import { accountEvents } from './followed-events.ts';

const schema = {
  operationId: 'events',
  tags: ['jobs'],
  summary: "What happens to all jobs of the key's account, as server-sent events",
  description:
    'First how far each job is that has not ended, then what happens from now on, without end. Each event has `job.id`; the last ' +
    'event of a job has the whole `job`. Ids come with the ends of jobs: a client that sends `Last-Event-ID` is told every end that ' +
    'it has missed (the newest 1,000), and of jobs that run how far they are.',
  security: needsKey,
  querystring: eventsQuerySchema,
  headers: resumeHeaders,
  response: {
    200: {
      description: 'The events as they come',
      headers: callerHeaders,
      content: eventStreamContent(accountEventSchemas),
    },
    ...errorReplies('api', ...keyErrors, 'invalid_request', 'rate_limited', 'overloaded'),
  },
} as const;

/** GET /api/events */
export function eventsRoute(app: HttpApp, context: RouteContext): void {
  const { services, gate, options, streams } = context;
  const onRequest = gate.key('read');
  app.get(paths.api.events, { schema, onRequest, exposeHeadRoute: false }, async (request, reply) => {
    const { accountId, keyId } = callerOf(request);
    streams.take(keyId, reply);
    const patience = endOfStream(context, reply);
    const after = request.headers[headers.lastEventId] === undefined ? null : lastEventId(request);
    const followed = await services.followAccount(accountId, after, patience);
    const base = baseUrl(request, options.publicUrl);
    const events = accountEvents(followed, { base, patience, withPreviews: request.query.preview ?? true });
    const onError = (error: unknown) => request.log.error({ err: error }, 'a stream of events broke off');
    reply.headers(eventStreamHeaders);
    return reply.send(eventStream(events, { heartbeatMs: heartbeatOf(options), onError }));
  });
  app.head(paths.api.events, { schema: hidden(schema), onRequest }, async (_request, reply) =>
    reply.headers(eventStreamHeaders).send(),
  );
}
