import type { HttpApp } from '../http-app.ts';
import type { HttpOptions } from '../options.ts';

/** Tells of every reply: to the log without what was sent, and to whoever counts. */
export function tellOfReplies(app: HttpApp, { onAnswered }: Pick<HttpOptions, 'onAnswered'>): void {
  app.addHook('onResponse', async (request, reply) => {
    const answered = {
      method: request.method,
      // Only addresses that exist: there are as many others as somebody cares to try.
      route: request.routeOptions.url ?? 'none',
      status: reply.statusCode,
      seconds: reply.elapsedTime / 1000,
    };
    request.log.info({ ...answered, requestId: request.id, keyId: request.caller?.keyId }, 'answered');
    onAnswered?.(answered);
  });
}
