import { exposedHeaders, headers, microToDecimal, paths } from '@easel/contract';
import cors from '@fastify/cors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isId } from '../ids.ts';
import type { AnsweredRequest, HttpApp, HttpOptions } from './http-app.ts';
import type { HttpServices } from './services.ts';

/** Every reply says what the log knows its request as. The id is always our own: one from outside could be anything. */
export function nameRequests(app: HttpApp): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.header(headers.requestId, request.id);
  });
}

/** What an account is told is for nobody between it and us to keep (RFC 9111 §5.2.2.5), and is what its header says it is. */
export function keepRepliesPrivate(app: HttpApp): void {
  app.addHook('onSend', async (_request, reply) => {
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
    if (!reply.hasHeader('x-content-type-options')) reply.header('x-content-type-options', 'nosniff');
  });
}

/** Every reply to a caller, errors too, tells what can still be spent and what this request has cost. */
export function tellBalance(app: HttpApp, { credits }: Pick<HttpServices, 'credits'>): void {
  app.addHook('onSend', async (request, reply) => {
    const { caller } = request;
    if (caller === null) return;
    if (!reply.hasHeader(headers.cost)) reply.header(headers.cost, '0');
    try {
      const { available } = await credits.balance(caller.accountId);
      reply.header(headers.remainingCredits, microToDecimal(available));
    } catch (error) {
      // The reply may be a picture that is paid for: better without its header than not at all.
      request.log.error({ err: error }, 'could not read the balance for the headers of a reply');
    }
  });
}

/** Seconds that browsers may remember a preflight; most of them use at most this. */
const PREFLIGHT_SECONDS = 7200;

/** Pages of these origins may call. Keys come in headers and never in cookies, so credentials stay off. */
export async function allowOrigins(app: HttpApp, origins: readonly string[]): Promise<void> {
  await app.register(cors, {
    origin: origins.includes('*') ? '*' : [...origins],
    methods: ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE'],
    // Absent: `allowedHeaders`. The headers that a page wants to send are echoed.
    exposedHeaders: [...exposedHeaders],
    maxAge: PREFLIGHT_SECONDS,
    strictPreflight: false,
  });
}

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
