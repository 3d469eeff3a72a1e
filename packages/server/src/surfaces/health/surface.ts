import { type Health, healthSchema, paths, readySchema } from '@easel/contract';
import { Type } from 'typebox';
import { errorReplies, jsonReply } from '../../http/route-schemas.ts';
import { type HttpApp, problems, type RouteContext, type Surface } from '../../http/surface.ts';
import { recent } from './recent.ts';

const healthRoute = {
  operationId: 'health',
  tags: ['health'],
  summary: 'Liveness check',
  response: { 200: jsonReply('The process is alive', healthSchema), ...errorReplies(problems) },
} as const;

const readyRoute = {
  operationId: 'ready',
  tags: ['health'],
  summary: 'Readiness check: database, queue, storage and engine',
  response: {
    ...errorReplies(problems),
    200: jsonReply('Ready', readySchema),
    503: jsonReply('Not ready; the checks show why', readySchema),
  },
} as const;

const metricsRoute = {
  operationId: 'metrics',
  tags: ['health'],
  summary: 'Metrics for Prometheus',
  response: {
    200: {
      description: 'Text format of Prometheus',
      content: { 'text/plain': { schema: Type.String({ description: 'One line per value' }) } },
    },
    ...errorReplies(problems),
  },
} as const;

/** GET /healthz, /readyz and /metrics, without a key: for load balancers, orchestrators and Prometheus. */
export const health: Surface = {
  name: 'health',
  places: [],
  errors: problems,
  tags: [{ name: 'health', description: 'Health checks and metrics' }],
  addRoutes: healthRoutes,
};

const READY_MS = 10_000;

function healthRoutes(app: HttpApp, { services }: RouteContext): void {
  app.get(paths.health, { schema: healthRoute }, async (): Promise<Health> => ({ status: 'ok' }));

  const readiness = recent(() => services.ready(AbortSignal.timeout(READY_MS)));
  app.get(paths.ready, { schema: readyRoute }, async (_request, reply) => {
    const ready = await readiness();
    reply.code(ready.status === 'ready' ? 200 : 503);
    return ready;
  });

  const metrics = recent(() => services.metrics.text());
  app.get(paths.metrics, { schema: metricsRoute }, async (_request, reply) => {
    const text = await metrics();
    return reply.header('content-type', services.metrics.contentType).send(text);
  });
}
