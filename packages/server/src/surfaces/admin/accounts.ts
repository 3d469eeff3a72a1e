import {
  type AccountPage,
  type Account as AccountReply,
  accountCreateSchema,
  accountGrantCreateSchema,
  accountListQuerySchema,
  accountPageSchema,
  accountParamsSchema,
  accountPatchSchema,
  accountSchema,
  decimalToMicro,
  defaults,
  type Grant,
  type GrantCreate,
  grantCreateSchema,
  grantSchema,
  headers,
  microToNumber,
  paths,
} from '@easel/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { cursorOf, pageOf, placeOf } from '../../http/paging.ts';
import { bodyErrors, callerHeaders, errorReplies, jsonReply, keyErrors, needsKey } from '../../http/route-schemas.ts';
import { workHeaders } from '../../http/submit-work.ts';
import { type HttpApp, problems, type RouteContext } from '../../http/surface.ts';
import { isId } from '../../ids.ts';
import type { Account } from '../../keys/accounts.ts';

const listSchema = {
  operationId: 'listAccounts',
  tags: ['admin'],
  summary: 'List accounts, newest first',
  security: needsKey,
  querystring: accountListQuerySchema,
  response: {
    200: jsonReply('A page of accounts', accountPageSchema, callerHeaders),
    ...errorReplies(problems, ...keyErrors, 'invalid_request'),
  },
} as const;

const createSchema = {
  operationId: 'createAccount',
  tags: ['admin'],
  summary: 'Create an account; it gets credits by a grant',
  security: needsKey,
  body: accountCreateSchema,
  response: {
    201: jsonReply('The account', accountSchema, callerHeaders),
    ...errorReplies(problems, ...keyErrors, ...bodyErrors, 'conflict'),
  },
} as const;

const getSchema = {
  operationId: 'getAccount',
  tags: ['admin'],
  summary: 'Get an account',
  security: needsKey,
  params: accountParamsSchema,
  response: {
    200: jsonReply('The account', accountSchema, callerHeaders),
    ...errorReplies(problems, ...keyErrors, 'not_found'),
  },
} as const;

const changeSchema = {
  operationId: 'changeAccount',
  tags: ['admin'],
  summary: 'Change the name of an account, or how many of its jobs may run or wait at the same time',
  security: needsKey,
  params: accountParamsSchema,
  body: accountPatchSchema,
  response: {
    200: jsonReply('The changed account', accountSchema, callerHeaders),
    ...errorReplies(problems, ...keyErrors, ...bodyErrors, 'not_found', 'conflict'),
  },
} as const;

/** GET and POST /api/admin/accounts, GET and PATCH /api/admin/accounts/:id */
export function accountRoutes(app: HttpApp, { services, gate }: RouteContext): void {
  const admin = gate.key('admin');

  app.get(paths.admin.accounts, { schema: listSchema, onRequest: admin }, async ({ query }): Promise<AccountPage> => {
    const { cursor, limit = defaults.pageLength } = query;
    const found = await services.accounts.list({ before: placeOf(cursor, isId), limit: limit + 1 });
    const { items, next } = pageOf(found, limit);
    return { accounts: items.map(accountReply), next_cursor: cursorOf(next?.id ?? null) };
  });

  const onRequest = [admin, gate.body('application/json')];
  app.post(paths.admin.accounts, { schema: createSchema, onRequest }, async ({ body }, reply) => {
    const { name, max_concurrent: maxConcurrent = null, max_queued: maxQueued = null } = body;
    const account = await services.accounts.create({ name, maxConcurrent, maxQueued });
    reply.code(201);
    return accountReply(account);
  });

  app.get(paths.admin.account, { schema: getSchema, onRequest: admin }, async ({ params }) =>
    accountReply(await services.accounts.get(params.id)),
  );

  app.patch(paths.admin.account, { schema: changeSchema, onRequest }, async ({ params, body }) => {
    const { name, max_concurrent: maxConcurrent, max_queued: maxQueued } = body;
    const changes = {
      ...(name !== undefined && { name }),
      ...(maxConcurrent !== undefined && { maxConcurrent }),
      ...(maxQueued !== undefined && { maxQueued }),
    };
    return accountReply(await services.accounts.change(params.id, changes));
  });
}

function accountReply({
  id,
  name,
  maxConcurrent,
  maxQueued,
  createdAt,
  balance: { available, held },
}: Account): AccountReply {
  return {
    id,
    name,
    created_at: createdAt.toISOString(),
    balance: microToNumber(available + held),
    held: microToNumber(held),
    remaining: microToNumber(available),
    max_concurrent: maxConcurrent,
    max_queued: maxQueued,
  };
}

const grantRouteSchema = {
  operationId: 'grantCredits',
  tags: ['admin'],
  summary: 'Grant credits to an account; a negative amount with a reason takes credits back',
  security: needsKey,
  headers: workHeaders,
  body: grantCreateSchema,
  response: {
    201: jsonReply(
      'The grant; a request that repeats an Idempotency-Key gets the same grant',
      grantSchema,
      callerHeaders,
    ),
    ...errorReplies(problems, ...keyErrors, ...bodyErrors, 'not_found', 'insufficient_credits', 'idempotency_mismatch'),
  },
} as const;

const accountGrantSchema = {
  ...grantRouteSchema,
  operationId: 'grantCreditsToAccount',
  params: accountParamsSchema,
  body: accountGrantCreateSchema,
} as const;

/** POST /api/admin/accounts/:id/grants and, in the older form, POST /api/admin/grants */
export function grantRoutes(app: HttpApp, context: RouteContext): void {
  const onRequest = [context.gate.key('admin'), context.gate.body('application/json')];
  app.post(paths.admin.accountGrants, { schema: accountGrantSchema, onRequest }, (request, reply) =>
    grant(context, request, reply, { ...request.body, account_id: request.params.id }),
  );
  app.post(paths.admin.grants, { schema: grantRouteSchema, onRequest }, (request, reply) =>
    grant(context, request, reply, request.body),
  );
}

async function grant(
  { services }: RouteContext,
  request: FastifyRequest,
  reply: FastifyReply,
  { account_id: accountId, amount, reason, note }: GrantCreate,
): Promise<Grant> {
  const key = request.headers[headers.idempotencyKey];
  const record = await services.credits.grant({
    accountId,
    amount: decimalToMicro(amount),
    note: reason ?? note ?? null,
    idempotencyKey: typeof key === 'string' ? key : null,
  });
  reply.code(201);
  return {
    id: String(record.id),
    account_id: record.accountId,
    amount: microToNumber(record.amount),
    note: record.note,
    created_at: record.createdAt.toISOString(),
    remaining: microToNumber(record.remaining),
  };
}
