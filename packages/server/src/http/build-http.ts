import { headers } from '@easel/contract';
import fastify, { type FastifyReply, type FastifyRequest, LogController } from 'fastify';
import { newId } from '../ids.ts';
import { adminRoutes } from '../surfaces/admin/surface.ts';
import { apiRoutes } from '../surfaces/api/surface.ts';
import { healthRoutes } from '../surfaces/health/surface.ts';
import { openaiRoutes } from '../surfaces/openai/surface.ts';
import { openPage, servePage } from '../surfaces/page/surface.ts';
import { segmindRoutes } from '../surfaces/segmind/surface.ts';
import { plainUrl, requireUtf8Queries } from './addresses.ts';
import { createGate } from './admission.ts';
import { findModel } from './asked-request.ts';
import {
  answerInTurn,
  dropUnreadBodies,
  endConnections,
  endStalledConnections,
  limitConnections,
} from './connections.ts';
import { refuseMessage, replyWithErrors, requireOneHost, sendError } from './error-replies.ts';
import { StreamSlots } from './event-streams.ts';
import { allowOrigins, keepRepliesPrivate, nameRequests, tellBalance, tellOfReplies } from './every-reply.ts';
import { type HttpApp, type HttpOptions, type RouteContext, validateByContract } from './http-app.ts';
import { AllowedMethods, answerOptions, refuseWhatIsNotHere } from './not-found.ts';
import { describeApi } from './openapi.ts';
import { parseBodies, SMALL_BODY_BYTES } from './parse-bodies.ts';
import type { HttpServices } from './services.ts';

/**
 * The three surfaces over one set of services. Nothing listens yet: `listen` it, or `inject` requests into it; `close` it in the end.
 *
 * @example
 * const http = await buildHttp(services, options);
 * const url = await http.listen({ host: '127.0.0.1', port: 8400 });
 */
export async function buildHttp(services: HttpServices, options: HttpOptions): Promise<HttpApp> {
  const app = createApp(options);
  const allowed = new AllowedMethods((slug) => findModel(services, slug) !== null);
  allowed.listen(app);
  app.decorateRequest('caller', null);
  app.decorateRequest('jobId', null);
  limitConnections(app, options);
  endStalledConnections(app, options);
  answerInTurn(app);
  nameRequests(app);
  tellOfReplies(app, options);
  requireOneHost(app);
  requireUtf8Queries(app);
  keepRepliesPrivate(app);
  answerOptions(app, allowed);
  tellBalance(app, services);
  dropUnreadBodies(app);
  endConnections(app, options);
  replyWithErrors(app);
  validateByContract(app);
  const sendPage = await openPage(options, services.pageSession);
  refuseWhatIsNotHere(app, allowed, sendPage);
  await allowOrigins(app, options.corsOrigins);
  parseBodies(app, options);
  await describeApi(app, services, options);
  await servePage(app, options, sendPage);
  addRoutes(app, { services, options, gate: createGate(services), streams: new StreamSlots(options) });
  return app;
}

function createApp({ logger, bodyBytes, trustedProxies = [] }: HttpOptions): HttpApp {
  return fastify({
    ...(logger ? { loggerInstance: logger } : {}),
    // Requests are logged when they are answered, in our own words.
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    bodyLimit: Math.min(SMALL_BODY_BYTES, bodyBytes),
    requestTimeout: 600_000, // the whole request; bodies have a pace to keep besides
    http: { headersTimeout: 20_000, connectionsCheckingInterval: 5_000 },
    requestIdHeader: false,
    genReqId: () => newId(),
    trustProxy: trustedProxies.length > 0 && [...trustedProxies],
    frameworkErrors: (error: unknown, request: FastifyRequest, reply: FastifyReply) => {
      reply.header(headers.requestId, request.id);
      void sendError(error, request, reply);
    },
    clientErrorHandler: refuseMessage,
    rewriteUrl: ({ url = '/' }) => plainUrl(url),
    routerOptions: { maxParamLength: 500 },
  }).withTypeProvider();
}

function addRoutes(app: HttpApp, context: RouteContext): void {
  segmindRoutes(app, context);
  openaiRoutes(app, context);
  apiRoutes(app, context);
  adminRoutes(app, context);
  healthRoutes(app, context);
}
