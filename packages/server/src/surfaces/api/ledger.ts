import {
  accountParamsSchema,
  defaults,
  type LedgerEntry,
  type LedgerPage,
  type LedgerQuery,
  ledgerPageSchema,
  ledgerQuerySchema,
  microToNumber,
  paths,
} from '@easel/contract';
import type { LedgerRecord } from '../../credits/ledger-port.ts';
import type { HttpApp, RouteContext } from '../../http/http-app.ts';
import { cursorOf, placeOf } from '../../http/replies/cursor.ts';
import { pageOf } from '../../http/replies/page.ts';
import { callerOf } from '../../http/request-state.ts';
import { callerHeaders } from '../../http/schemas/headers.ts';
import { errorReplies, jsonReply, keyErrors } from '../../http/schemas/replies.ts';
import { needsKey } from '../../http/schemas/security.ts';
import type { HttpServices } from '../../http/services.ts';

const schema = {
  operationId: 'ledger',
  tags: ['money'],
  summary: "The account's lines, newest first",
  security: needsKey,
  querystring: ledgerQuerySchema,
  response: {
    200: jsonReply('A page of the ledger', ledgerPageSchema, callerHeaders),
    ...errorReplies('api', ...keyErrors, 'invalid_request'),
  },
} as const;

/** GET /api/ledger */
export function ledgerRoute(app: HttpApp, { services, gate }: RouteContext): void {
  app.get(paths.api.ledger, { schema, onRequest: gate.key('read') }, (request) =>
    pageOfAccount(services, callerOf(request).accountId, request.query),
  );
}

const adminSchema = {
  ...schema,
  operationId: 'ledgerOfAccount',
  tags: ['admin'],
  summary: "An account's lines, newest first",
  params: accountParamsSchema,
  response: { ...schema.response, ...errorReplies('api', ...keyErrors, 'invalid_request', 'not_found') },
} as const;

/** GET /api/admin/accounts/:id/ledger */
export function accountLedgerRoute(app: HttpApp, { services, gate }: RouteContext): void {
  app.get(
    paths.admin.accountLedger,
    { schema: adminSchema, onRequest: gate.key('admin') },
    async ({ params, query }) => {
      const { id } = await services.accounts.get(params.id);
      return pageOfAccount(services, id, query);
    },
  );
}

async function pageOfAccount(
  { credits }: Pick<HttpServices, 'credits'>,
  accountId: string,
  { cursor, limit = defaults.pageLength }: LedgerQuery,
): Promise<LedgerPage> {
  const place = placeOf(cursor, (text) => /^\d{1,18}$/.test(text));
  const before = place === null ? null : BigInt(place);
  const records = await credits.ledger({ accountId, before, limit: limit + 1 });
  const { items, next } = pageOf(records, limit);
  return { entries: items.map(entryOf), next_cursor: cursorOf(next?.id ?? null) };
}

function entryOf({ id, createdAt, kind, amount, charged, remaining, jobId, note }: LedgerRecord): LedgerEntry {
  return {
    id: String(id),
    created_at: createdAt.toISOString(),
    kind,
    amount: microToNumber(amount),
    amount_charged: microToNumber(charged),
    remaining: microToNumber(remaining),
    job_id: jobId,
    note,
  };
}
