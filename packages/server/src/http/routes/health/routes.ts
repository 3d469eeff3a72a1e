import { type Health, healthSchema, paths, readySchema } from '@easel/contract';
import { Type } from 'typebox';
import type { HttpApp, RouteContext } from '../../http-app.ts';
import { clientGone } from '../../requests/client-gone.ts';
import { errorReplies, jsonReply } from '../../schemas/replies.ts';

const healthRoute = {
  operationId: 'health',
  tags: ['health'],
  summary: 'Whether the process answers',
  response: { 200: jsonReply('It does', healthSchema), ...errorReplies('api') },
} as const;

const readyRoute = {
  operationId: 'ready',
  tags: ['health'],
  summary: 'Whether everything that the server needs works',
  response: {
    ...errorReplies('api'),
    200: jsonReply('It does', readySchema),
    503: jsonReply('Something does not', readySchema),
  },
} as const;

const metricsRoute = {
  operationId: 'metrics',
  tags: ['health'],
  summary: 'Metrics for Prometheus',
  response: {
    200: {
      description: 'Exposition format',
      content: { 'text/plain': { schema: Type.String({ description: 'One line for each value' }) } },
    },
    ...errorReplies('api'),
  },
} as const;

/** GET /healthz, /readyz and /metrics: without a key, for whoever looks after the process. */
export function healthRoutes(app: HttpApp, { services }: RouteContext): void {
  app.get(paths.health, { schema: healthRoute }, async (): Promise<Health> => ({ status: 'ok' }));

  app.get(paths.ready, { schema: readyRoute }, async (_request, reply) => {
    const ready = await services.ready(clientGone(reply));
    reply.code(ready.status === 'ready' ? 200 : 503);
    return ready;
  });

  app.get(paths.metrics, { schema: metricsRoute }, async (_request, reply) => {
    const text = await services.metrics.text();
    return reply.header('content-type', services.metrics.contentType).send(text);
  });
}
