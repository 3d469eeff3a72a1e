import { type Credits, creditsSchema, microToNumber, paths } from '@easel/contract';
import type { HttpApp, RouteContext } from '../../http/http-app.ts';
import { callerOf } from '../../http/request-state.ts';
import { callerHeaders } from '../../http/schemas/headers.ts';
import { errorReplies, jsonReply, keyErrors } from '../../http/schemas/replies.ts';
import { needsKey } from '../../http/schemas/security.ts';

const schema = {
  operationId: 'credits',
  tags: ['money'],
  summary: 'What the account has, and what this key may use of it',
  security: needsKey,
  response: {
    200: jsonReply('The credits', creditsSchema, callerHeaders),
    ...errorReplies('api', ...keyErrors),
  },
} as const;

/** GET /api/credits */
export function creditsRoute(app: HttpApp, { services, gate }: RouteContext): void {
  app.get(paths.api.credits, { schema, onRequest: gate.ownKey }, async (request): Promise<Credits> => {
    const { accountId, keyId, monthlyBudget } = callerOf(request);
    const { available, held } = await services.credits.balance(accountId);
    return {
      balance: microToNumber(available + held),
      held: microToNumber(held),
      remaining: microToNumber(available),
      monthly_budget: monthlyBudget === null ? null : microToNumber(monthlyBudget),
      spent_this_month: microToNumber(await services.credits.usedThisMonth(keyId)),
    };
  });
}
