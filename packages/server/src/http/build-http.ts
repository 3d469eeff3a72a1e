import { headers } from '@easel/contract';
import fastify, { type FastifyPluginAsync, type FastifyReply, type FastifyRequest, LogController } from 'fastify';
import { newId } from '../ids.ts';
import { shareAmongAccounts } from './account-share.ts';
import { plainUrl, requireOneHost, requireUtf8Queries } from './addresses.ts';
import { createGate, sendRateLimits } from './admission.ts';
import { findModel } from './asked-request.ts';
import {
  answerInOrder,
  closeConnectionsAtShutdown,
  dropUnreadBodies,
  endStalledConnections,
  limitConnections,
} from './connections.ts';
import { refuseMessages, replyWithErrors, type ShapeOf, sendError, shapesOf } from './error-replies.ts';
import { StreamSlots } from './event-streams.ts';
import {
  allowOrigins,
  compressJson,
  forbidCaching,
  logAnswered,
  sendBalance,
  sendRequestIds,
  traceRequests,
} from './every-reply.ts';
import { AllowedMethods, answerNotFound, answerOptions } from './not-found.ts';
import { describeApi } from './openapi.ts';
import { parseBodies, SMALL_BODY_BYTES } from './parse-bodies.ts';
import type { HttpServices } from './services.ts';
import {
  type HttpApp,
  type HttpOptions,
  type RouteContext,
  type Surface,
  serializeOnDemand,
  validateByContract,
} from './surface.ts';

/**
 * Builds the server for these surfaces over one set of services. It does not listen yet: `listen` it, or `inject` requests into it, and
 * `close` it in the end.
 *
 * @example
 * const http = await buildHttp(surfaces, services, options);
 * const url = await http.listen({ host: '127.0.0.1', port: 8400 });
 */
export async function buildHttp(
  surfaces: readonly Surface[],
  services: HttpServices,
  options: HttpOptions,
): Promise<HttpApp> {
  const shapeOf = shapesOf(surfaces);
  const app = createApp(surfaces, shapeOf, options);
  const allowed = new AllowedMethods((slug) => findModel(services, slug) !== null);
  allowed.listen(app);
  app.decorateRequest('caller', null);
  app.decorateRequest('jobId', null);
  app.decorateRequest('trace', null);
  app.decorateRequest('isAudited', false);
  limitConnections(app, options);
  endStalledConnections(app, options);
  answerInOrder(app);
  sendRequestIds(app);
  traceRequests(app, options);
  logAnswered(app, options);
  requireOneHost(app);
  requireUtf8Queries(app);
  forbidCaching(app);
  answerOptions(app, allowed);
  sendBalance(app, services);
  sendRateLimits(app, services);
  shareAmongAccounts(app, options);
  dropUnreadBodies(app);
  closeConnectionsAtShutdown(app, options);
  replyWithErrors(app, shapeOf);
  validateByContract(app);
  serializeOnDemand(app);
  answerNotFound(app, allowed, surfaces);
  await allowOrigins(app, options.corsOrigins);
  await compressJson(app);
  parseBodies(app, options);
  const tags = surfaces.flatMap((surface) => surface.tags);
  await describeApi(app, services, { ...options, tags });
  const context = { services, options, gate: createGate(services), streams: new StreamSlots(options) };
  for (const surface of surfaces) await app.register(pluginOf(surface, surfaces, context));
  return app;
}

/** Registers a surface in a scope of its own, so that its hooks and parsers are for its routes alone. */
function pluginOf(surface: Surface, surfaces: readonly Surface[], context: RouteContext): FastifyPluginAsync {
  return async (app) => {
    const scope: HttpApp = app.withTypeProvider();
    replyWithErrors(scope, shapesOf(surfaces, surface.errors));
    await surface.addRoutes(scope, context);
  };
}

function createApp(
  surfaces: readonly Surface[],
  shapeOf: ShapeOf,
  { logger, bodyBytes, trustedProxies = [] }: HttpOptions,
): HttpApp {
  const aliases = surfaces.flatMap((surface) => surface.aliases ?? []);
  return fastify({
    ...(logger ? { loggerInstance: logger } : {}),
    // `logAnswered` logs requests when they are answered.
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    bodyLimit: Math.min(SMALL_BODY_BYTES, bodyBytes),
    requestTimeout: 600_000, // for the whole request; bodies also have a minimum pace
    http: { headersTimeout: 20_000, connectionsCheckingInterval: 5_000 },
    requestIdHeader: false,
    genReqId: () => newId(),
    trustProxy: trustedProxies.length > 0 && [...trustedProxies],
    frameworkErrors: (error: unknown, request: FastifyRequest, reply: FastifyReply) => {
      reply.header(headers.requestId, request.id);
      void sendError(error, request, reply, shapeOf);
    },
    clientErrorHandler: refuseMessages((url) => shapeOf(plainUrl(url, aliases))),
    rewriteUrl: ({ url = '/' }) => plainUrl(url, aliases),
    routerOptions: { maxParamLength: 500 },
  }).withTypeProvider();
}
