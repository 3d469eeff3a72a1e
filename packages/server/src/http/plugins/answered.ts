import { paths } from '@easel/contract';
import type { FastifyRequest } from 'fastify';
import { isId } from '../../domain/ids.ts';
import type { HttpApp } from '../http-app.ts';
import type { HttpOptions } from '../options.ts';

/** Asked every few seconds by machines, so they would be most of the log. */
const scraped: ReadonlySet<string> = new Set([paths.health, paths.ready, paths.metrics]);

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
    const jobId = request.jobId ?? jobAskedFor(request);
    const about = {
      ...answered,
      client: request.ip,
      ...(request.caller !== null && { keyId: request.caller.keyId }),
      ...(jobId !== undefined && { jobId }),
    };
    const isRoutine = scraped.has(answered.route) && answered.status < 400;
    request.log[isRoutine ? 'debug' : 'info'](about, 'request answered');
    onAnswered?.(answered);
  });
}

/** The job in the address, as in `/api/jobs/:id/events`. */
function jobAskedFor({ params, routeOptions: { url = '' } }: FastifyRequest): string | undefined {
  if (!/\/(?:jobs|requests)\/:id/.test(url)) return undefined;
  if (typeof params !== 'object' || params === null || !('id' in params)) return undefined;
  const id = String(params.id);
  return isId(id) ? id : undefined;
}
