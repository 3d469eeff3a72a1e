import { headers } from '@easel/contract';
import fastify, { type FastifyReply, type FastifyRequest, LogController } from 'fastify';
import { newId } from '../ids.ts';
import { adminRoutes } from '../surfaces/admin/routes.ts';
import { apiRoutes } from '../surfaces/api/routes.ts';
import { healthRoutes } from '../surfaces/health/routes.ts';
import { openaiRoutes } from '../surfaces/openai/routes.ts';
import { openPage, servePage } from '../surfaces/page/serve-page.ts';
import { segmindRoutes } from '../surfaces/segmind/routes.ts';
import { parseBodies, SMALL_BODY_BYTES } from './bodies/parse-bodies.ts';
import type { HttpApp, RouteContext } from './http-app.ts';
import { describeApi } from './openapi/describe-api.ts';
import type { HttpOptions } from './options.ts';
import { plainUrl, requireUtf8Queries } from './plugins/addresses.ts';
import { AllowedMethods } from './plugins/allowed-methods.ts';
import { tellOfReplies } from './plugins/answered.ts';
import { tellBalance } from './plugins/balance.ts';
import { answerInTurn, endStalledConnections, limitConnections } from './plugins/connections.ts';
import { allowOrigins } from './plugins/cors.ts';
import { replyWithErrors, sendError } from './plugins/error-reply.ts';
import { createGate } from './plugins/gate.ts';
import { endConnections } from './plugins/last-replies.ts';
import { answerOptions, refuseWhatIsNotHere } from './plugins/nothing-here.ts';
import { keepRepliesPrivate } from './plugins/private-replies.ts';
import { nameRequests } from './plugins/request-id.ts';
import { dropUnreadBodies } from './plugins/unread-bodies.ts';
import { refuseMessage, requireOneHost } from './plugins/unreadable-messages.ts';
import { validateByContract } from './plugins/validation.ts';
import { findModel } from './requests/model-of.ts';
import type { HttpServices } from './services.ts';
import { StreamSlots } from './streams/stream-slots.ts';

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
