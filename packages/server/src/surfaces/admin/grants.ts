import {
  accountGrantCreateSchema,
  accountParamsSchema,
  decimalToMicro,
  type Grant,
  type GrantCreate,
  grantCreateSchema,
  grantSchema,
  headers,
  microToNumber,
  paths,
} from '@easel/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { HttpApp, RouteContext } from '../../http/http-app.ts';
import { workHeaders } from '../../http/requests/idempotency.ts';
import { callerHeaders } from '../../http/schemas/headers.ts';
import { bodyErrors, errorReplies, jsonReply, keyErrors } from '../../http/schemas/replies.ts';
import { needsKey } from '../../http/schemas/security.ts';

const schema = {
  operationId: 'grantCredits',
  tags: ['admin'],
  summary: 'Give credits to an account, or with a negative amount and a reason take some back',
  security: needsKey,
  headers: workHeaders,
  body: grantCreateSchema,
  response: {
    201: jsonReply(
      'What was given or taken back; the same again under the same Idempotency-Key',
      grantSchema,
      callerHeaders,
    ),
    ...errorReplies('api', ...keyErrors, ...bodyErrors, 'not_found', 'insufficient_credits', 'idempotency_mismatch'),
  },
} as const;

const accountSchema = {
  ...schema,
  operationId: 'grantCreditsToAccount',
  params: accountParamsSchema,
  body: accountGrantCreateSchema,
} as const;

/** POST /api/admin/accounts/:id/grants and, in the older form, POST /api/admin/grants */
export function grantRoutes(app: HttpApp, context: RouteContext): void {
  const onRequest = [context.gate.key('admin'), context.gate.body('application/json')];
  app.post(paths.admin.accountGrants, { schema: accountSchema, onRequest }, (request, reply) =>
    grant(context, request, reply, { ...request.body, account_id: request.params.id }),
  );
  app.post(paths.admin.grants, { schema, onRequest }, (request, reply) => grant(context, request, reply, request.body));
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
