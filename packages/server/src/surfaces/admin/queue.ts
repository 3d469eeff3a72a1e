import { paths, type Queue, queueSchema } from '@easel/contract';
import type { HttpApp, RouteContext } from '../../http/http-app.ts';
import { callerHeaders } from '../../http/schemas/headers.ts';
import { errorReplies, jsonReply, keyErrors } from '../../http/schemas/replies.ts';
import { needsKey } from '../../http/schemas/security.ts';
import type { QueueState } from '../../http/services.ts';

const schemaFor = (operationId: string, summary: string) =>
  ({
    operationId,
    tags: ['admin'],
    summary,
    security: needsKey,
    response: {
      200: jsonReply('The queue as it is now', queueSchema, callerHeaders),
      ...errorReplies('api', ...keyErrors),
    },
  }) as const;

/** GET /api/admin/queue, POST /api/admin/queue/pause and /api/admin/queue/resume */
export function queueRoutes(app: HttpApp, { services: { queue }, gate }: RouteContext): void {
  const onRequest = gate.key('admin');
  const get = schemaFor('getQueue', 'The queue of all accounts');
  const pause = schemaFor('pauseQueue', 'Start no more jobs; those that run go on');
  const resume = schemaFor('resumeQueue', 'Start jobs again');
  app.get(paths.admin.queue, { schema: get, onRequest }, async () => queueReply(await queue.state()));
  app.post(paths.admin.pauseQueue, { schema: pause, onRequest }, async () => queueReply(await queue.pause()));
  app.post(paths.admin.resumeQueue, { schema: resume, onRequest }, async () => queueReply(await queue.resume()));
}

function queueReply({ isPaused, queued, running, capacity }: QueueState): Queue {
  return { state: isPaused ? 'paused' : 'running', queued, running, capacity };
}
