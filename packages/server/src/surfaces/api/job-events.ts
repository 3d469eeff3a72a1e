import { jobEventSchemas, jobParamsSchema, paths } from '@easel/contract';
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
import { jobEvents } from './followed-events.ts';

const schema = {
  operationId: 'jobEvents',
  tags: ['jobs'],
  summary: 'What happens to a job, as server-sent events',
  description: `Event names: ${Object.keys(jobEventSchemas).join(', ')}; the last three end the stream.`,
  security: needsKey,
  params: jobParamsSchema,
  headers: resumeHeaders,
  response: {
    200: {
      description: 'The events as they come',
      headers: callerHeaders,
      content: eventStreamContent(jobEventSchemas),
    },
    ...errorReplies('api', ...keyErrors, 'not_found', 'invalid_request', 'rate_limited', 'overloaded'),
  },
} as const;

/** GET /api/jobs/:id/events */
export function jobEventsRoute(app: HttpApp, context: RouteContext): void {
  const { services, gate, options, streams } = context;
  const onRequest = gate.ownKey;
  app.get(paths.api.jobEvents, { schema, onRequest, exposeHeadRoute: false }, async (request, reply) => {
    const { accountId, keyId } = callerOf(request);
    const { job } = await services.jobs.get(accountId, request.params.id);
    streams.take(keyId, reply);
    reply.headers(eventStreamHeaders);
    const patience = endOfStream(context, reply);
    const base = baseUrl(request, options.publicUrl);
    const events = jobEvents(services, { jobId: job.id, after: lastEventId(request), base, patience });
    const onError = (error: unknown) =>
      request.log.error({ err: error, jobId: job.id }, 'a stream of events broke off');
    return reply.send(eventStream(events, { heartbeatMs: heartbeatOf(options), onError }));
  });
  app.head(paths.api.jobEvents, { schema: hidden(schema), onRequest }, async (request, reply) => {
    await services.jobs.get(callerOf(request).accountId, request.params.id);
    return reply.headers(eventStreamHeaders).send();
  });
}
