import {
  type AccountPage,
  accountCreateSchema,
  accountListQuerySchema,
  accountPageSchema,
  accountParamsSchema,
  accountPatchSchema,
  accountSchema,
  defaults,
  paths,
} from '@easel/contract';
import type { HttpApp, RouteContext } from '../../http/http-app.ts';
import { cursorOf, placeOf } from '../../http/replies/cursor.ts';
import { pageOf } from '../../http/replies/page.ts';
import { callerHeaders } from '../../http/schemas/headers.ts';
import { bodyErrors, errorReplies, jsonReply, keyErrors } from '../../http/schemas/replies.ts';
import { needsKey } from '../../http/schemas/security.ts';
import { isId } from '../../ids.ts';
import { accountReply } from './account-reply.ts';

const listSchema = {
  operationId: 'listAccounts',
  tags: ['admin'],
  summary: 'The accounts, newest first',
  security: needsKey,
  querystring: accountListQuerySchema,
  response: {
    200: jsonReply('A page of accounts', accountPageSchema, callerHeaders),
    ...errorReplies('api', ...keyErrors, 'invalid_request'),
  },
} as const;

const createSchema = {
  operationId: 'createAccount',
  tags: ['admin'],
  summary: 'Make an account; credits come by a grant',
  security: needsKey,
  body: accountCreateSchema,
  response: {
    201: jsonReply('The account', accountSchema, callerHeaders),
    ...errorReplies('api', ...keyErrors, ...bodyErrors, 'conflict'),
  },
} as const;

const getSchema = {
  operationId: 'getAccount',
  tags: ['admin'],
  summary: 'One account',
  security: needsKey,
  params: accountParamsSchema,
  response: {
    200: jsonReply('The account', accountSchema, callerHeaders),
    ...errorReplies('api', ...keyErrors, 'not_found'),
  },
} as const;

const changeSchema = {
  operationId: 'changeAccount',
  tags: ['admin'],
  summary: 'Rename an account, or change how many of its jobs may run at the same time',
  security: needsKey,
  params: accountParamsSchema,
  body: accountPatchSchema,
  response: {
    200: jsonReply('The account as it is now', accountSchema, callerHeaders),
    ...errorReplies('api', ...keyErrors, ...bodyErrors, 'not_found', 'conflict'),
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
