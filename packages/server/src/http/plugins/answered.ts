import { paths } from '@easel/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isId } from '../../ids.ts';
import type { HttpApp } from '../http-app.ts';
import type { AnsweredRequest, HttpOptions } from '../options.ts';

/** Asked every few seconds by machines, so they would be most of the log. */
const scraped: ReadonlySet<string> = new Set([paths.health, paths.ready, paths.metrics]);

/** What proxies note where the client was gone before there was a status. */
const CLIENT_GONE = 499;

/** Tells of every request at its end: to the log without what was sent, and to whoever counts. */
export function tellOfReplies(app: HttpApp, { onAnswered }: Pick<HttpOptions, 'onAnswered'>): void {
  app.addHook('onRequest', async (request, reply) => {
    const began = performance.now();
    // And not when the reply has been sent: one that was cut off never is.
    reply.raw.once('close', () => {
      const answered = describe(request, reply, (performance.now() - began) / 1000);
      const jobId = request.jobId ?? jobAskedFor(request);
      const about = {
        ...answered,
        ...(!reply.raw.writableFinished && { aborted: true }),
        client: request.ip,
        ...(request.caller !== null && { keyId: request.caller.keyId }),
        ...(jobId !== undefined && { jobId }),
      };
      const isRoutine = scraped.has(answered.route) && answered.status < 400;
      request.log[isRoutine ? 'debug' : 'info'](about, 'request answered');
      onAnswered?.(answered);
    });
  });
}

function describe({ method, routeOptions }: FastifyRequest, reply: FastifyReply, seconds: number): AnsweredRequest {
  return {
    method,
    // Only addresses that exist: there are as many others as somebody cares to try.
    route: routeOptions.url ?? 'none',
    status: reply.raw.headersSent ? reply.statusCode : CLIENT_GONE,
    seconds,
  };
}

/** The job in the address, as in `/api/jobs/:id/events`. */
function jobAskedFor({ params, routeOptions: { url = '' } }: FastifyRequest): string | undefined {
  if (!/\/(?:jobs|requests)\/:id/.test(url)) return undefined;
  if (typeof params !== 'object' || params === null || !('id' in params)) return undefined;
  const id = String(params.id);
  return isId(id) ? id : undefined;
}
