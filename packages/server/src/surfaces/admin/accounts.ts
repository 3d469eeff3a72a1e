import {
  type AccountClosed,
  type AccountCreate,
  type AccountPage,
  type Account as AccountReply,
  accountClosedSchema,
  accountCreateSchema,
  accountListQuerySchema,
  accountPageSchema,
  accountParamsSchema,
  accountPatchSchema,
  accountSchema,
  decimalToMicro,
  defaults,
  microToNumber,
  paths,
} from '@easel/contract';
import { cursorOf, pageOf, placeOf } from '../../http/paging.ts';
import { bodyErrors, callerHeaders, errorReplies, jsonReply, keyErrors, needsKey } from '../../http/route-schemas.ts';
import { type HttpApp, problems, type RouteContext } from '../../http/surface.ts';
import { isId } from '../../ids.ts';
import type { Account } from '../../keys/accounts.ts';
import type { RefillTerms } from '../../keys/refill-plan.ts';

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
  summary:
    'Change the name of an account, how many of its jobs may run or wait at the same time, or its monthly refill',
  security: needsKey,
  params: accountParamsSchema,
  body: accountPatchSchema,
  response: {
    200: jsonReply('The changed account', accountSchema, callerHeaders),
    ...errorReplies(problems, ...keyErrors, ...bodyErrors, 'not_found', 'conflict'),
  },
} as const;

const closeSchema = {
  operationId: 'closeAccount',
  tags: ['admin'],
  summary: 'Close an account: its keys are revoked, its queued jobs cancelled and refunded; its balance stays',
  security: needsKey,
  params: accountParamsSchema,
  response: {
    200: jsonReply('The closed account', accountClosedSchema, callerHeaders),
    ...errorReplies(problems, ...keyErrors, 'not_found', 'conflict'),
  },
} as const;

const reopenSchema = {
  operationId: 'reopenAccount',
  tags: ['admin'],
  summary: 'Reopen a closed account; it needs new keys',
  security: needsKey,
  params: accountParamsSchema,
  response: {
    200: jsonReply('The account', accountSchema, callerHeaders),
    ...errorReplies(problems, ...keyErrors, 'not_found'),
  },
} as const;

/** GET and POST /api/admin/accounts, GET and PATCH /api/admin/accounts/:id, POST …/close and …/reopen */
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
    const { name, max_concurrent: maxConcurrent = null, max_queued: maxQueued = null, refill = null } = body;
    const account = await services.accounts.create({ name, maxConcurrent, maxQueued, refill: refillTerms(refill) });
    reply.code(201);
    return accountReply(account);
  });

  app.get(paths.admin.account, { schema: getSchema, onRequest: admin }, async ({ params }) =>
    accountReply(await services.accounts.get(params.id)),
  );

  app.patch(paths.admin.account, { schema: changeSchema, onRequest }, async ({ params, body }) => {
    const { name, max_concurrent: maxConcurrent, max_queued: maxQueued, refill } = body;
    const changes = {
      ...(name !== undefined && { name }),
      ...(maxConcurrent !== undefined && { maxConcurrent }),
      ...(maxQueued !== undefined && { maxQueued }),
      ...(refill !== undefined && { refill: refillTerms(refill) }),
    };
    return accountReply(await services.accounts.change(params.id, changes));
  });

  app.post(
    paths.admin.closeAccount,
    { schema: closeSchema, onRequest: admin },
    async ({ params }): Promise<AccountClosed> => {
      const { account, revokedKeys, cancelledJobs } = await services.accounts.close(params.id);
      return { account: accountReply(account), revoked_keys: revokedKeys.length, cancelled_jobs: cancelledJobs };
    },
  );

  app.post(paths.admin.reopenAccount, { schema: reopenSchema, onRequest: admin }, async ({ params }) =>
    accountReply(await services.accounts.reopen(params.id)),
  );
}

function refillTerms(refill: AccountCreate['refill'] | null): RefillTerms | null {
  return refill ? { ...refill, amount: decimalToMicro(refill.amount) } : null;
}

function accountReply({
  id,
  name,
  maxConcurrent,
  maxQueued,
  createdAt,
  closedAt,
  refill,
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
    closed_at: closedAt?.toISOString() ?? null,
    refill: refill && {
      amount: microToNumber(refill.amount),
      day: refill.day,
      mode: refill.mode,
      next_at: refill.next?.toISOString() ?? null,
    },
  };
}
