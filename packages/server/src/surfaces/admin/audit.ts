import {
  type AuditEntry,
  type AuditPage,
  auditPageSchema,
  auditQuerySchema,
  defaults,
  isRecord,
  paths,
} from '@easel/contract';
import type { FastifyRequest } from 'fastify';
import { cursorOf, pageOf, placeOf } from '../../http/paging.ts';
import { callerHeaders, errorReplies, jsonReply, keyErrors, needsKey } from '../../http/route-schemas.ts';
import { callerOf, type HttpApp, problems, type RouteContext } from '../../http/surface.ts';
import { isId } from '../../ids.ts';
import type { AuditRecord } from '../../keys/audit-log.ts';

/** Requests with these only read. */
const readingMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Writes every valid request of the surface that may change something into the audit log. To be called before its routes are added. */
export function auditActions(app: HttpApp, { services: { audit } }: Pick<RouteContext, 'services'>): void {
  app.addHook('preHandler', async (request) => {
    if (readingMethods.has(request.method)) return;
    const { body, query } = request;
    await audit.begin({
      requestId: request.id,
      keyId: callerOf(request).keyId,
      client: request.ip,
      action: String(request.routeOptions.schema?.operationId),
      ...subjectOf(request, body),
      details: { ...(isRecord(query) && query), ...(isRecord(body) && body) },
    });
    request.isAudited = true;
  });

  app.addHook('onSend', async (request, reply, payload) => {
    if (!request.isAudited) return;
    const created = typeof payload === 'string' && reply.statusCode < 300 ? contentOf(payload) : undefined;
    try {
      const about = subjectOf(request, created);
      await audit.end({ requestId: request.id, status: reply.statusCode, ...about });
    } catch (error) {
      // It was done; the line says that it was begun.
      request.log.error({ err: error }, 'could not complete the entry of the audit log');
    }
  });
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Whether it has a line in the audit log. */
    isAudited: boolean;
  }
}

/** Which account and which thing a request is about, by its address or by what its body or its reply says. */
function subjectOf(
  { params, routeOptions: { url = '' } }: FastifyRequest,
  content: unknown,
): { readonly accountId: string | null; readonly subject: string | null } {
  const inPath = idIn(params, 'id');
  const isAccount = url.startsWith(paths.admin.accounts);
  const subject = inPath ?? idIn(content, 'id');
  const accountId = isAccount ? subject : idIn(content, 'account_id');
  return { accountId: accountId !== null && isId(accountId) ? accountId : null, subject };
}

function idIn(value: unknown, name: 'id' | 'account_id'): string | null {
  return isRecord(value) && typeof value[name] === 'string' ? value[name] : null;
}

/** A reply may hold a new key, of which only the ids are looked at. */
function contentOf(payload: string): unknown {
  try {
    return JSON.parse(payload);
  } catch {
    return undefined;
  }
}

const listSchema = {
  operationId: 'auditLog',
  tags: ['admin'],
  summary: 'List what administrators did, newest first',
  security: needsKey,
  querystring: auditQuerySchema,
  response: {
    200: jsonReply('A page of the audit log', auditPageSchema, callerHeaders),
    ...errorReplies(problems, ...keyErrors, 'invalid_request'),
  },
} as const;

/** GET /api/admin/audit */
export function auditRoute(app: HttpApp, { services, gate }: RouteContext): void {
  app.get(
    paths.admin.audit,
    { schema: listSchema, onRequest: gate.key('admin') },
    async ({ query }): Promise<AuditPage> => {
      const { account_id: accountId = null, cursor, limit = defaults.pageLength } = query;
      const place = placeOf(cursor, (text) => /^\d{1,18}$/.test(text));
      const before = place === null ? null : BigInt(place);
      const found = await services.audit.list({ accountId, before, limit: limit + 1 });
      const { items, next } = pageOf(found, limit);
      return { entries: items.map(entryOf), next_cursor: cursorOf(next?.id ?? null) };
    },
  );
}

function entryOf({ id, createdAt, requestId, keyId, keyName, accountId, ...entry }: AuditRecord): AuditEntry {
  const { client, action, subject, details, status } = entry;
  return {
    id: String(id),
    created_at: createdAt.toISOString(),
    request_id: requestId,
    key_id: keyId,
    key_name: keyName,
    client,
    action,
    account_id: accountId,
    subject,
    details,
    status,
  };
}
