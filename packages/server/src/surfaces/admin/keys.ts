import {
  decimalToMicro,
  type Key,
  type KeyCreate,
  type KeyCreated,
  type KeyList,
  type KeyPatch,
  keyCreatedSchema,
  keyCreateSchema,
  keyListQuerySchema,
  keyListSchema,
  keyParamsSchema,
  keyPatchSchema,
  keySchema,
  microToNumber,
  paths,
} from '@easel/contract';
import { DomainError } from '../../domain-error.ts';
import { bodyErrors, callerHeaders, errorReplies, jsonReply, keyErrors, needsKey } from '../../http/route-schemas.ts';
import type { HttpServices } from '../../http/services.ts';
import { type HttpApp, problems, type RouteContext } from '../../http/surface.ts';
import type { KeyChanges, KeyTerms } from '../../keys/key-table.ts';
import type { ListedKey } from '../../keys/keys.ts';

const listSchema = {
  operationId: 'listKeys',
  tags: ['admin'],
  summary: 'List keys, newest first, including revoked ones',
  security: needsKey,
  querystring: keyListQuerySchema,
  response: {
    200: jsonReply('The keys', keyListSchema, callerHeaders),
    ...errorReplies(problems, ...keyErrors, 'invalid_request'),
  },
} as const;

const createSchema = {
  operationId: 'createKey',
  tags: ['admin'],
  summary: 'Create a key; it is shown only in this reply',
  security: needsKey,
  body: keyCreateSchema,
  response: {
    201: jsonReply('The key', keyCreatedSchema, callerHeaders),
    ...errorReplies(problems, ...keyErrors, ...bodyErrors, 'not_found'),
  },
} as const;

const revokeSchema = {
  operationId: 'revokeKey',
  tags: ['admin'],
  summary: 'Revoke a key permanently',
  security: needsKey,
  params: keyParamsSchema,
  response: {
    200: jsonReply('The changed key', keySchema, callerHeaders),
    ...errorReplies(problems, ...keyErrors, 'not_found'),
  },
} as const;

const changeSchema = {
  operationId: 'changeKey',
  tags: ['admin'],
  summary: 'Change the name, scopes, models, budget, rate limit or expiry of a key',
  security: needsKey,
  params: keyParamsSchema,
  body: keyPatchSchema,
  response: {
    200: jsonReply('The changed key', keySchema, callerHeaders),
    ...errorReplies(problems, ...keyErrors, ...bodyErrors, 'not_found'),
  },
} as const;

/** GET and POST /api/admin/keys, PATCH and DELETE /api/admin/keys/:id */
export function keyRoutes(app: HttpApp, { services, gate }: RouteContext): void {
  const admin = gate.key('admin');

  app.get(paths.admin.keys, { schema: listSchema, onRequest: admin }, async ({ query }): Promise<KeyList> => {
    const keys = await services.keys.list(query.account_id ?? null);
    return { keys: keys.map(keyReply) };
  });

  const onRequest = [admin, gate.body('application/json')];
  app.post(paths.admin.keys, { schema: createSchema, onRequest }, async ({ body }, reply): Promise<KeyCreated> => {
    await requireModels(services, body.models);
    const { record, text } = await services.keys.create(keyTermsOf(body));
    reply.code(201).header('cache-control', 'no-store');
    return { key: text, ...keyReply({ ...record, usedThisMonth: 0n }) };
  });

  app.patch(paths.admin.key, { schema: changeSchema, onRequest }, async ({ params, body }): Promise<Key> => {
    await requireModels(services, body.models);
    return keyReply(await services.keys.change(params.id, keyChangesOf(body)));
  });

  app.delete(
    paths.admin.key,
    { schema: revokeSchema, onRequest: admin },
    async ({ params }): Promise<Key> => keyReply(await services.keys.revoke(params.id)),
  );
}

/**
 * With a mistyped name the key could do nothing. What other servers and workers on the same database draw counts too.
 *
 * @throws DomainError `not_found`
 */
async function requireModels(services: HttpServices, names: readonly string[] | null | undefined): Promise<void> {
  if (!names || names.length === 0) return;
  const workers = await services.workers();
  const known = new Set([...services.models().map(({ slug }) => slug), ...workers.flatMap(({ models }) => models)]);
  const unknown = names.find((name) => !known.has(name));
  if (unknown === undefined) return;
  throw new DomainError('not_found', `there is no model ${JSON.stringify(unknown)} here`, {
    remedy: `there are: ${[...known].join(', ')}`,
    param: 'models',
  });
}

function keyReply(key: ListedKey): Key {
  return {
    id: key.id,
    account_id: key.accountId,
    name: key.name,
    hint: key.hint,
    scopes: [...key.scopes],
    models: key.models && [...key.models],
    created_at: key.createdAt.toISOString(),
    expires_at: key.expiresAt?.toISOString() ?? null,
    revoked_at: key.revokedAt?.toISOString() ?? null,
    last_used_at: key.lastUsedAt?.toISOString() ?? null,
    monthly_budget: key.monthlyBudget === null ? null : microToNumber(key.monthlyBudget),
    spent_this_month: microToNumber(key.usedThisMonth),
    rate_limit: key.requestsPerMinute,
  };
}

/** What a body asks for, with the contract's defaults. */
function keyTermsOf(body: KeyCreate): KeyTerms {
  const { monthly_budget: budget = null, expires_at: expires = null } = body;
  return {
    accountId: body.account_id,
    name: body.name,
    scopes: body.scopes ?? ['generate', 'read'],
    models: body.models ?? null,
    monthlyBudget: budget === null ? null : decimalToMicro(budget),
    requestsPerMinute: body.rate_limit ?? null,
    expiresAt: expires === null ? null : timeOf(expires),
  };
}

/** What a body changes; what it does not have is not in the result. */
function keyChangesOf(body: KeyPatch): KeyChanges {
  const { name, scopes, models, monthly_budget: budget, rate_limit: requestsPerMinute, expires_at: expires } = body;
  return {
    ...(name !== undefined && { name }),
    ...(scopes !== undefined && { scopes }),
    ...(models !== undefined && { models }),
    ...(budget !== undefined && { monthlyBudget: budget === null ? null : decimalToMicro(budget) }),
    ...(requestsPerMinute !== undefined && { requestsPerMinute }),
    ...(expires !== undefined && { expiresAt: expires === null ? null : timeOf(expires) }),
  };
}

/** RFC 3339 allows the leap second 23:59:60, which POSIX time counts as the second after it and `Date` does not know. */
function timeOf(instant: string): Date {
  const before = Date.parse(instant.replace(':60', ':59'));
  const time = new Date(instant.includes(':60') ? before + 1000 : before);
  const year = time.getUTCFullYear();
  if (year >= 1970 && year <= 9999) return time;
  throw new DomainError(
    'invalid_request',
    `expires_at must be a date and time from 1970 to 9999, in UTC (got ${JSON.stringify(instant)})`,
    { param: 'expires_at', remedy: 'send null for a key that does not expire' },
  );
}
