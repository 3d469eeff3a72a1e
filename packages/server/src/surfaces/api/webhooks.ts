import {
  adminWebhookDeliveryQuerySchema,
  adminWebhookEndpointCreateSchema,
  adminWebhookEndpointQuerySchema,
  defaults,
  paths,
  type WebhookDelivery,
  type WebhookDeliveryDetail,
  type WebhookDeliveryPage,
  type WebhookDeliveryQuery,
  type WebhookEndpoint,
  type WebhookEndpointCreate,
  type WebhookEndpointList,
  type WebhookEndpointPatch,
  type WebhookEndpointWithSecret,
  type WebhookSecret,
  webhookDeliveryDetailSchema,
  webhookDeliveryPageSchema,
  webhookDeliveryQuerySchema,
  webhookDeliverySchema,
  webhookEndpointCreateSchema,
  webhookEndpointListSchema,
  webhookEndpointPatchSchema,
  webhookEndpointSchema,
  webhookEndpointWithSecretSchema,
  webhookEvents,
  webhookParamsSchema,
  webhookSecretSchema,
} from '@easel/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { cursorOf, pageOf, placeOf } from '../../http/paging.ts';
import {
  bodyErrors,
  callerHeaders,
  errorReplies,
  jsonReply,
  keyErrors,
  limitedReplyHeaders,
  needsKey,
} from '../../http/route-schemas.ts';
import { baseUrl, callerOf, type HttpApp, problems, type RouteContext } from '../../http/surface.ts';
import { isId } from '../../ids.ts';
import type { DeliveryRecord } from '../../webhooks/deliveries.ts';
import type { EndpointRecord, EndpointTerms, SecretNow, WebhookService } from '../../webhooks/endpoints.ts';

/** The routes are there twice: for the account of the key, and for administrators, who may name any. */
interface Place {
  readonly at: Readonly<Record<'endpoint' | 'rotate' | 'test' | 'delivery' | 'resend', string>>;
  readonly tag: 'webhooks' | 'admin';
  /** In the names of operations: `listWebhookEndpoints`, `listAnyWebhookEndpoints`. */
  readonly whose: '' | 'Any';
  readonly read: RouteContext['gate']['ownKey'];
  readonly write: RouteContext['gate']['ownKey'];
  /** Whose endpoints and deliveries the request may see; null: all. */
  accountOf(request: FastifyRequest): string | null;
}

const about = (
  { tag, whose }: Pick<Place, 'tag' | 'whose'>,
  [verb, noun]: readonly [string, string],
  summary: string,
) => ({
  operationId: `${verb}${whose}${noun}`,
  tags: [tag],
  summary: whose === '' ? summary : `${summary}, of any account`,
  security: needsKey,
});

const withId = [...keyErrors, 'not_found'] as const;
const withSecret = (description: string) => jsonReply(description, webhookEndpointWithSecretSchema, callerHeaders);

/** GET and POST /api/webhooks/endpoints, /secret, GET /deliveries, and what is below them */
export function accountWebhookRoutes(app: HttpApp, context: RouteContext): void {
  const { gate } = context;
  const place: Place = {
    at: paths.api.webhooks,
    tag: 'webhooks',
    whose: '',
    // An endpoint is told of all jobs of the account, and a delivery has one in it.
    read: gate.key('read'),
    write: gate.key('generate', 'read'),
    accountOf: (request) => callerOf(request).accountId,
  };
  endpointLists(app, context, place);
  deliveryList(app, context, place);
  accountSecretRoutes(app, context, place);
  endpointRoutes(app, context, place);
  secretAndTestRoutes(app, context, place);
  deliveryRoutes(app, context, place);
}

/** The same for all accounts, at /api/admin/webhooks */
export function adminWebhookRoutes(app: HttpApp, context: RouteContext): void {
  const admin = context.gate.key('admin');
  const place: Place = {
    at: paths.admin.webhooks,
    tag: 'admin',
    whose: 'Any',
    read: admin,
    write: admin,
    accountOf: () => null,
  };
  adminLists(app, context, place);
  endpointRoutes(app, context, place);
  secretAndTestRoutes(app, context, place);
  deliveryRoutes(app, context, place);
}

function endpointLists(app: HttpApp, { services: { webhooks }, gate, options }: RouteContext, place: Place): void {
  const listSchema = {
    ...about(place, ['list', 'WebhookEndpoints'], 'List webhook endpoints, oldest first'),
    response: {
      200: jsonReply('The endpoints', webhookEndpointListSchema, callerHeaders),
      ...errorReplies(problems, ...keyErrors),
    },
  } as const;
  const { endpoints } = paths.api.webhooks;
  app.get(endpoints, { schema: listSchema, onRequest: place.read }, async (request): Promise<WebhookEndpointList> => {
    return { endpoints: (await webhooks.list(callerOf(request).accountId)).map(endpointReply) };
  });
  const createSchema = {
    ...about(place, ['create', 'WebhookEndpoint'], 'Create a webhook endpoint; its secret is shown only in this reply'),
    body: webhookEndpointCreateSchema,
    response: {
      201: withSecret('The endpoint'),
      ...errorReplies(problems, ...keyErrors, ...bodyErrors, 'not_found', 'conflict'),
    },
  } as const;
  const onRequest = [place.write, gate.body('application/json')];
  app.post(endpoints, { schema: createSchema, onRequest }, (request, reply) => {
    const { accountId } = callerOf(request);
    return createEndpoint(
      webhooks,
      { accountId, body: request.body, base: baseUrl(request, options.publicUrl) },
      reply,
    );
  });
}

function deliveryList(app: HttpApp, { services: { webhooks } }: RouteContext, place: Place): void {
  const schema = {
    ...about(place, ['list', 'WebhookDeliveries'], 'List webhook deliveries, newest first'),
    querystring: webhookDeliveryQuerySchema,
    response: {
      200: jsonReply('A page of deliveries', webhookDeliveryPageSchema, callerHeaders),
      ...errorReplies(problems, ...keyErrors, 'invalid_request'),
    },
  } as const;
  app.get(paths.api.webhooks.deliveries, { schema, onRequest: place.read }, (request) =>
    deliveryPage(webhooks, callerOf(request).accountId, request.query),
  );
}

function adminLists(app: HttpApp, { services: { webhooks }, gate, options }: RouteContext, place: Place): void {
  const { endpoints, deliveries } = paths.admin.webhooks;
  const listSchema = {
    ...about(place, ['list', 'WebhookEndpoints'], 'List webhook endpoints, oldest first'),
    querystring: adminWebhookEndpointQuerySchema,
    response: {
      200: jsonReply('The endpoints', webhookEndpointListSchema, callerHeaders),
      ...errorReplies(problems, ...keyErrors, 'invalid_request'),
    },
  } as const;
  app.get(endpoints, { schema: listSchema, onRequest: place.read }, async ({ query }): Promise<WebhookEndpointList> => {
    return { endpoints: (await webhooks.list(query.account_id ?? null)).map(endpointReply) };
  });
  const createSchema = {
    ...about(place, ['create', 'WebhookEndpoint'], 'Create a webhook endpoint; its secret is shown only in this reply'),
    body: adminWebhookEndpointCreateSchema,
    response: {
      201: withSecret('The endpoint'),
      ...errorReplies(problems, ...keyErrors, ...bodyErrors, 'not_found', 'conflict'),
    },
  } as const;
  const onRequest = [place.write, gate.body('application/json')];
  app.post(endpoints, { schema: createSchema, onRequest }, (request, reply) => {
    const { account_id: accountId, ...body } = request.body;
    return createEndpoint(webhooks, { accountId, body, base: baseUrl(request, options.publicUrl) }, reply);
  });
  const deliveriesSchema = {
    ...about(place, ['list', 'WebhookDeliveries'], 'List webhook deliveries, newest first'),
    querystring: adminWebhookDeliveryQuerySchema,
    response: {
      200: jsonReply('A page of deliveries', webhookDeliveryPageSchema, callerHeaders),
      ...errorReplies(problems, ...keyErrors, 'invalid_request'),
    },
  } as const;
  app.get(deliveries, { schema: deliveriesSchema, onRequest: place.read }, ({ query }) =>
    deliveryPage(webhooks, query.account_id, query),
  );
}

function accountSecretRoutes(app: HttpApp, { services: { webhooks } }: RouteContext, place: Place): void {
  const reply = jsonReply('The secret', webhookSecretSchema, callerHeaders);
  const response = { 200: reply, ...errorReplies(problems, ...keyErrors) } as const;
  const { secret } = paths.api.webhooks;
  const getSchema = {
    ...about(place, ['get', 'WebhookSecret'], 'Get the secret that signs the events of jobs with a `webhook_url`'),
    response,
  };
  app.get(
    secret,
    { schema: getSchema, onRequest: place.write },
    async (request): Promise<WebhookSecret> => secretReply(await webhooks.accountSecret(callerOf(request).accountId)),
  );
  const rotateSchema = {
    ...about(place, ['rotate', 'WebhookSecret'], 'Replace that secret; for 24 hours the old one signs too'),
    response,
  };
  app.post(
    secret,
    { schema: rotateSchema, onRequest: place.write },
    async (request): Promise<WebhookSecret> =>
      secretReply(await webhooks.rotateAccountSecret(callerOf(request).accountId)),
  );
}

function endpointRoutes(app: HttpApp, { services: { webhooks }, gate }: RouteContext, place: Place): void {
  const { at, read, write, accountOf } = place;
  const endpoint = jsonReply('The endpoint', webhookEndpointSchema, callerHeaders);
  const params = webhookParamsSchema;
  const getSchema = {
    ...about(place, ['get', 'WebhookEndpoint'], 'Get a webhook endpoint'),
    params,
    response: { 200: endpoint, ...errorReplies(problems, ...withId) },
  } as const;
  app.get(
    at.endpoint,
    { schema: getSchema, onRequest: read },
    async (request): Promise<WebhookEndpoint> =>
      endpointReply(await webhooks.get(accountOf(request), request.params.id)),
  );
  const patchSchema = {
    ...about(place, ['change', 'WebhookEndpoint'], 'Change a webhook endpoint, or disable or enable it'),
    params,
    body: webhookEndpointPatchSchema,
    response: { 200: endpoint, ...errorReplies(problems, ...withId, ...bodyErrors) },
  } as const;
  const onPatch = [write, gate.body('application/json')];
  app.patch(
    at.endpoint,
    { schema: patchSchema, onRequest: onPatch },
    async (request): Promise<WebhookEndpoint> =>
      endpointReply(await webhooks.change(accountOf(request), request.params.id, changesOf(request.body))),
  );
  const deleteSchema = {
    ...about(place, ['delete', 'WebhookEndpoint'], 'Delete a webhook endpoint; what is on its way to it is not sent'),
    params,
    response: { 204: { description: 'Deleted', type: 'null' }, ...errorReplies(problems, ...withId) },
  } as const;
  app.delete(at.endpoint, { schema: deleteSchema, onRequest: write }, async (request, reply) => {
    await webhooks.remove(accountOf(request), request.params.id);
    return reply.code(204).send();
  });
}

function secretAndTestRoutes(app: HttpApp, { services: { webhooks }, gate }: RouteContext, place: Place): void {
  const { at, write, accountOf } = place;
  const params = webhookParamsSchema;
  const rotateSchema = {
    ...about(
      place,
      ['rotate', 'WebhookEndpointSecret'],
      'Replace the secret of a webhook endpoint; for 24 hours the old one signs too',
    ),
    params,
    response: { 200: withSecret('The endpoint'), ...errorReplies(problems, ...withId) },
  } as const;
  app.post(
    at.rotate,
    { schema: rotateSchema, onRequest: write },
    async (request): Promise<WebhookEndpointWithSecret> => {
      const { endpoint: rotated, secret } = await webhooks.rotate(accountOf(request), request.params.id);
      return { ...endpointReply(rotated), secret };
    },
  );
  const testSchema = {
    ...about(place, ['test', 'WebhookEndpoint'], 'Send a test event to a webhook endpoint'),
    params,
    response: sendReplies,
  } as const;
  app.post(
    at.test,
    { schema: testSchema, ...limitedTo(write, gate) },
    async (request, reply): Promise<WebhookDelivery> => {
      reply.code(202);
      return deliveryReply(await webhooks.test(accountOf(request), request.params.id));
    },
  );
}

/** Of the routes that send a webhook, which count against the rate limit. */
const sendReplies = {
  202: jsonReply('The delivery', webhookDeliverySchema, limitedReplyHeaders),
  ...errorReplies(problems, ...withId, 'conflict', 'rate_limited'),
} as const;

const limitedTo = (write: Place['write'], gate: RouteContext['gate']) => ({
  onRequest: [write, gate.rateLimit],
  config: { isRateLimited: true },
});

function deliveryRoutes(app: HttpApp, { services: { webhooks }, gate }: RouteContext, place: Place): void {
  const { at, read, write, accountOf } = place;
  const params = webhookParamsSchema;
  const getSchema = {
    ...about(place, ['get', 'WebhookDelivery'], 'Get a webhook delivery with its body and its attempts'),
    params,
    response: {
      200: jsonReply('The delivery', webhookDeliveryDetailSchema, callerHeaders),
      ...errorReplies(problems, ...withId),
    },
  } as const;
  app.get(at.delivery, { schema: getSchema, onRequest: read }, async (request): Promise<WebhookDeliveryDetail> => {
    const { delivery, body, attempts } = await webhooks.delivery(accountOf(request), request.params.id);
    const log = attempts.map((attempt) => ({ ...attempt, at: attempt.at.toISOString() }));
    return { ...deliveryReply(delivery), payload: body, attempt_log: log };
  });
  const resendSchema = {
    ...about(place, ['resend', 'WebhookDelivery'], 'Send a webhook again, with the same id and all of the retries'),
    params,
    response: sendReplies,
  } as const;
  app.post(
    at.resend,
    { schema: resendSchema, ...limitedTo(write, gate) },
    async (request, reply): Promise<WebhookDelivery> => {
      reply.code(202);
      return deliveryReply(await webhooks.resend(accountOf(request), request.params.id));
    },
  );
}

async function createEndpoint(
  webhooks: WebhookService,
  {
    accountId,
    body,
    base,
  }: { readonly accountId: string; readonly body: WebhookEndpointCreate; readonly base: string },
  reply: FastifyReply,
): Promise<WebhookEndpointWithSecret> {
  const presets = { events: webhookEvents, enabled: true, includePrompt: false };
  const { endpoint, secret } = await webhooks.create(
    accountId,
    { ...presets, url: body.url, ...changesOf(body) },
    base,
  );
  reply.code(201);
  return { ...endpointReply(endpoint), secret };
}

async function deliveryPage(
  webhooks: WebhookService,
  accountId: string | undefined,
  { endpoint_id: endpointId, job_id: jobId, status, cursor, limit = defaults.pageLength }: WebhookDeliveryQuery,
): Promise<WebhookDeliveryPage> {
  const before = placeOf(cursor, isId) ?? undefined;
  const found = await webhooks.deliveries({ accountId, endpointId, jobId, state: status, before, limit: limit + 1 });
  const { items, next } = pageOf(found, limit);
  return { deliveries: items.map(deliveryReply), next_cursor: cursorOf(next?.id ?? null) };
}

/** What a body changes; what it does not have is not in the result. */
function changesOf({
  url,
  events,
  enabled,
  include_prompt: includePrompt,
}: WebhookEndpointPatch): Partial<EndpointTerms> {
  return {
    ...(url !== undefined && { url }),
    ...(events !== undefined && { events }),
    ...(enabled !== undefined && { enabled }),
    ...(includePrompt !== undefined && { includePrompt }),
  };
}

function endpointReply(endpoint: EndpointRecord): WebhookEndpoint {
  return {
    id: endpoint.id,
    account_id: endpoint.accountId,
    url: endpoint.url,
    events: [...endpoint.events],
    enabled: endpoint.enabled,
    disabled_reason: endpoint.disabledReason,
    include_prompt: endpoint.includePrompt,
    created_at: endpoint.createdAt.toISOString(),
    old_secret_until: endpoint.oldSecretUntil?.toISOString() ?? null,
  };
}

function secretReply({ secret, oldSecretUntil }: SecretNow): WebhookSecret {
  return { secret, old_secret_until: oldSecretUntil?.toISOString() ?? null };
}

function deliveryReply(delivery: DeliveryRecord): WebhookDelivery {
  return {
    id: delivery.id,
    account_id: delivery.accountId,
    endpoint_id: delivery.endpointId,
    url: delivery.url,
    event: delivery.event,
    job_id: delivery.jobId,
    status: delivery.state,
    attempts: delivery.attempts,
    next_attempt_at: delivery.state === 'pending' ? delivery.nextAttemptAt.toISOString() : null,
    last_status: delivery.lastStatus,
    last_error: delivery.lastError,
    created_at: delivery.createdAt.toISOString(),
    ended_at: delivery.endedAt?.toISOString() ?? null,
  };
}
