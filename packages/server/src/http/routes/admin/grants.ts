import { decimalToMicro, type Grant, grantCreateSchema, grantSchema, microToNumber, paths } from '@easel/contract';
import type { HttpApp, RouteContext } from '../../http-app.ts';
import { callerHeaders } from '../../schemas/headers.ts';
import { bodyErrors, errorReplies, jsonReply, keyErrors } from '../../schemas/replies.ts';
import { needsKey } from '../../schemas/security.ts';

const schema = {
  operationId: 'grantCredits',
  tags: ['admin'],
  summary: 'Give credits to an account',
  security: needsKey,
  body: grantCreateSchema,
  response: {
    201: jsonReply('What was given', grantSchema, callerHeaders),
    ...errorReplies('api', ...keyErrors, ...bodyErrors, 'not_found'),
  },
} as const;

/** POST /api/admin/grants */
export function grantRoute(app: HttpApp, { services, gate }: RouteContext): void {
  const onRequest = [gate.key('admin'), gate.body('application/json')];
  app.post(paths.admin.grants, { schema, onRequest }, async ({ body }, reply): Promise<Grant> => {
    const amount = decimalToMicro(body.amount);
    const record = await services.credits.grant({ accountId: body.account_id, amount, note: body.note ?? null });
    reply.code(201);
    return {
      id: String(record.id),
      account_id: record.accountId,
      amount: microToNumber(record.amount),
      note: record.note,
      created_at: record.createdAt.toISOString(),
      remaining: microToNumber(record.remaining),
    };
  });
}
