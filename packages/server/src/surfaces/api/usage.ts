import {
  accountParamsSchema,
  microToNumber,
  paths,
  type UsageQuery,
  type UsageReply,
  type UsageRow,
  usageQuerySchema,
  usageReplySchema,
} from '@easel/contract';
import type { UsageRecord } from '../../credits/ledger-port.ts';
import type { HttpApp, RouteContext } from '../../http/http-app.ts';
import { callerOf } from '../../http/request-state.ts';
import { callerHeaders } from '../../http/schemas/headers.ts';
import { errorReplies, jsonReply, keyErrors } from '../../http/schemas/replies.ts';
import { needsKey } from '../../http/schemas/security.ts';
import type { HttpServices } from '../../http/services.ts';
import { usageDays } from './usage-days.ts';

const schema = {
  operationId: 'usage',
  tags: ['money'],
  summary: 'What was made and what it cost, by day, key or model',
  security: needsKey,
  querystring: usageQuerySchema,
  response: {
    200: jsonReply('The usage', usageReplySchema, callerHeaders),
    ...errorReplies('api', ...keyErrors, 'invalid_request'),
  },
} as const;

/** GET /api/usage */
export function usageRoute(app: HttpApp, { services, gate }: RouteContext): void {
  app.get(paths.api.usage, { schema, onRequest: gate.key('read') }, (request) =>
    usageOf(services, callerOf(request).accountId, request.query),
  );
}

const adminSchema = {
  ...schema,
  operationId: 'usageOfAccount',
  tags: ['admin'],
  summary: 'What an account had made and what it cost, by day, key or model',
  params: accountParamsSchema,
  response: { ...schema.response, ...errorReplies('api', ...keyErrors, 'invalid_request', 'not_found') },
} as const;

/** GET /api/admin/accounts/:id/usage */
export function accountUsageRoute(app: HttpApp, { services, gate }: RouteContext): void {
  app.get(
    paths.admin.accountUsage,
    { schema: adminSchema, onRequest: gate.key('admin') },
    async ({ params, query }) => {
      const { id } = await services.accounts.get(params.id);
      return usageOf(services, id, query);
    },
  );
}

async function usageOf(
  { credits }: Pick<HttpServices, 'credits'>,
  accountId: string,
  query: UsageQuery,
): Promise<UsageReply> {
  const { group = 'day' } = query;
  const { from, to, start, end } = usageDays(query, new Date());
  const records = await credits.usage({ accountId, from: start, to: end, group });
  return { from, to, group, rows: records.map(rowOf), total: totalOf(records) };
}

function rowOf(record: UsageRecord): UsageRow {
  return { group: record.group, ...totalOf([record]) };
}

/** Added up before it is turned into a number, so exactly. */
function totalOf(records: readonly UsageRecord[]): UsageReply['total'] {
  return {
    jobs: records.reduce((sum, { jobs }) => sum + jobs, 0),
    images: records.reduce((sum, { samples }) => sum + samples, 0),
    cost: microToNumber(records.reduce((sum, { spent }) => sum + spent, 0n)),
  };
}
