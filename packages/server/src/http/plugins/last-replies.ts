import type { HttpApp } from '../http-app.ts';
import type { HttpOptions } from '../options.ts';

/**
 * Replies that are given while the process ends also end their connection (RFC 9112 9.6): a client that kept it open for its next
 * request would keep the server from closing.
 */
export function endConnections(app: HttpApp, { stopping }: Pick<HttpOptions, 'stopping'>): void {
  app.addHook('onSend', async (_request, reply) => {
    if (stopping?.aborted) reply.header('connection', 'close');
  });
}
