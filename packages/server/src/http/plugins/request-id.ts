import { headers } from '@easel/contract';
import type { HttpApp } from '../http-app.ts';

/** Every reply says what the log knows its request as. The id is always our own: one from outside could be anything. */
export function nameRequests(app: HttpApp): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.header(headers.requestId, request.id);
  });
}
