import {
  accountGrantCreateSchema,
  accountParamsSchema,
  decimalToMicro,
  type Grant,
  type GrantCreate,
  grantCreateSchema,
  grantSchema,
  headers,
  jobParamsSchema,
  microToDecimal,
  microToNumber,
  paths,
  type Refund,
  refundCreateSchema,
  refundSchema,
} from '@easel/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DomainError } from '../../domain-error.ts';
import { bodyErrors, callerHeaders, errorReplies, jsonReply, keyErrors, needsKey } from '../../http/route-schemas.ts';
import { workHeaders } from '../../http/submit-work.ts';
import { callerOf, type HttpApp, problems, type RouteContext } from '../../http/surface.ts';

const grantErrors = ['not_found', 'conflict', 'insufficient_credits', 'idempotency_mismatch'] as const;

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
    ...errorReplies(problems, ...keyErrors, ...bodyErrors, ...grantErrors),
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
  { account_id: accountId, amount, reason, note, allow_negative: allowNegative = false }: GrantCreate,
): Promise<Grant> {
  const record = await services.credits.grant({
    accountId,
    amount: decimalToMicro(amount),
    note: reason ?? note ?? null,
    idempotencyKey: idempotencyKeyOf(request),
    allowNegative,
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

function idempotencyKeyOf(request: FastifyRequest): string | null {
  const key = request.headers[headers.idempotencyKey];
  return typeof key === 'string' ? key : null;
}

const refundRouteSchema = {
  operationId: 'refundJob',
  tags: ['admin'],
  summary: 'Refund a job that was charged, or a part of what it was charged; once',
  security: needsKey,
  headers: workHeaders,
  params: jobParamsSchema,
  body: refundCreateSchema,
  response: {
    201: jsonReply(
      'The refund; a request that repeats an Idempotency-Key gets the same refund',
      refundSchema,
      callerHeaders,
    ),
    ...errorReplies(problems, ...keyErrors, ...bodyErrors, 'not_found', 'conflict', 'idempotency_mismatch'),
  },
} as const;

/** POST /api/admin/jobs/:id/refund */
export function refundRoute(app: HttpApp, { services, gate }: RouteContext): void {
  const onRequest = [gate.key('admin'), gate.body('application/json')];
  app.post(paths.admin.refund, { schema: refundRouteSchema, onRequest }, async (request, reply): Promise<Refund> => {
    const { reason, amount } = request.body;
    if (reason.trim() === '') {
      throw new DomainError('invalid_request', 'reason must say why the job is refunded', { param: 'reason' });
    }
    const record = await services.credits.refund({
      jobId: request.params.id,
      amount: amount === undefined ? null : decimalToMicro(amount),
      reason,
      refundedBy: callerOf(request).keyId,
      idempotencyKey: idempotencyKeyOf(request),
    });
    request.log.info(
      { jobId: record.jobId, accountId: record.accountId, refunded: microToDecimal(record.amount) },
      'job refunded',
    );
    reply.code(201);
    return {
      id: String(record.id),
      job_id: request.params.id,
      account_id: record.accountId,
      amount: microToNumber(record.amount),
      reason,
      created_at: record.createdAt.toISOString(),
      remaining: microToNumber(record.remaining),
    };
  });
}
