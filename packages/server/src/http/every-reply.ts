import { constants } from 'node:zlib';
import { exposedHeaders, headers, microToDecimal, paths } from '@easel/contract';
import compress from '@fastify/compress';
import cors from '@fastify/cors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isId } from '../ids.ts';
import { newContext, noTracer, parseTraceparent } from '../observability/tracing.ts';
import type { HttpServices } from './services.ts';
import type { AnsweredRequest, HttpApp, HttpOptions } from './surface.ts';
import { whenClosed } from './when-closed.ts';

/** Sends the request ID of the log with every reply. It is never taken from the request: that could contain anything. */
export function sendRequestIds(app: HttpApp): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.header(headers.requestId, request.id);
  });
}

/** Forbids caches to store replies (RFC 9111 §5.2.2.5), and browsers to guess their type, unless a route says otherwise. */
export function forbidCaching(app: HttpApp): void {
  app.addHook('onSend', async (_request, reply) => {
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
    if (!reply.hasHeader('x-content-type-options')) reply.header('x-content-type-options', 'nosniff');
  });
}

/** Sends the available credits and the cost of the request with every reply to a caller, also with errors. */
export function sendBalance(app: HttpApp, { credits }: Pick<HttpServices, 'credits'>): void {
  app.addHook('onSend', async (request, reply) => {
    const { caller } = request;
    if (caller === null) return;
    if (!reply.hasHeader(headers.cost)) reply.header(headers.cost, '0');
    try {
      const { available } = await credits.balance(caller.accountId);
      reply.header(headers.remainingCredits, microToDecimal(available));
    } catch (error) {
      // The reply may be a picture that was charged: better without this header than not at all.
      request.log.error({ err: error }, 'could not read the balance for the headers of a reply');
    }
  });
}

/** What fits into one packet comes no sooner when it is smaller. */
const COMPRESSED_FROM_BYTES = 1400;
const json = /^application\/(?:[a-z]+\+)?json\b/;

/** Compresses JSON for clients that accept it (RFC 9110 §12.5.3): lists shrink to a tenth. Pictures and event streams stay as they are. */
export async function compressJson(app: HttpApp): Promise<void> {
  // `customTypes` only adds to the plugin's own types; this header makes it leave a reply as it is.
  app.addHook('onSend', async (request, reply) => {
    if (!json.test(String(reply.getHeader('content-type')))) request.headers['x-no-compression'] = 'not JSON';
  });
  await app.register(compress, {
    threshold: COMPRESSED_FROM_BYTES,
    encodings: ['br', 'gzip'],
    customTypes: json,
    // The best that brotli can do takes a hundred times as long for a tenth less.
    brotliOptions: { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } },
    globalDecompression: false, // bodies have limits of their own
  });
}

/** How long browsers may cache a preflight, in seconds; most of them cap it at this. */
const PREFLIGHT_SECONDS = 7200;

/** Allows these origins (CORS). Keys are sent in headers and never in cookies, so credentials stay off. */
export async function allowOrigins(app: HttpApp, origins: readonly string[]): Promise<void> {
  await app.register(cors, {
    origin: origins.includes('*') ? '*' : [...origins],
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    // Without `allowedHeaders` the headers that a page asks for are allowed.
    exposedHeaders: [...exposedHeaders],
    maxAge: PREFLIGHT_SECONDS,
    strictPreflight: false,
  });
}

/** Polled every few seconds, so their lines would be most of the log. */
const scraped: ReadonlySet<string> = new Set([paths.health, paths.ready, paths.metrics]);

/** Status in the log of a request whose client disconnected before the reply, as nginx has it. */
const CLIENT_GONE = 499;

/** Logs and counts every request when its connection is done with it, without its body. */
export function logAnswered(app: HttpApp, { onAnswered }: Pick<HttpOptions, 'onAnswered'>): void {
  app.addHook('onRequest', async (request, reply) => {
    const began = performance.now();
    // Not on `finish`: a reply that is cut off never finishes.
    whenClosed(reply.raw, () => {
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

/** Records every request but those of probes as a span; what it submits becomes a part of it. */
export function traceRequests(app: HttpApp, { tracer = noTracer }: Pick<HttpOptions, 'tracer'>): void {
  if (!tracer.isEnabled) return;
  app.addHook('onRequest', async (request, reply) => {
    const { method, headers: sent, routeOptions } = request;
    const route = routeOptions.url ?? 'none';
    if (scraped.has(route)) return;
    const parent = parseTraceparent(typeof sent.traceparent === 'string' ? sent.traceparent : null);
    const context = newContext(parent);
    const start = new Date();
    request.trace = context;
    whenClosed(reply.raw, () => {
      const { status } = describe(request, reply, 0);
      const attributes = {
        'http.request.method': method,
        'http.route': route,
        'http.response.status_code': status,
        'client.address': request.ip,
        'easel.request_id': request.id,
        'easel.job_id': request.jobId ?? undefined,
      };
      const error = status >= 500 ? { error: new Error(`answered ${status}`) } : {};
      tracer.record({
        name: `${method} ${route}`,
        kind: 'server',
        parent,
        context,
        start,
        end: new Date(),
        attributes,
        ...error,
      });
    });
  });
}

function describe({ method, routeOptions }: FastifyRequest, reply: FastifyReply, seconds: number): AnsweredRequest {
  return {
    method,
    // The route and not the URL, so that the number of values stays small.
    route: routeOptions.url ?? 'none',
    status: reply.raw.headersSent ? reply.statusCode : CLIENT_GONE,
    seconds,
  };
}

/** The id of the job in a URL such as `/api/jobs/:id/events`. */
function jobAskedFor({ params, routeOptions: { url = '' } }: FastifyRequest): string | undefined {
  if (!/\/(?:jobs|requests)\/:id/.test(url)) return undefined;
  if (typeof params !== 'object' || params === null || !('id' in params)) return undefined;
  const id = String(params.id);
  return isId(id) ? id : undefined;
}
