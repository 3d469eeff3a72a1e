import {
  type Key,
  type KeyCreated,
  type KeyList,
  keyCreatedSchema,
  keyCreateSchema,
  keyListQuerySchema,
  keyListSchema,
  keyParamsSchema,
  keyPatchSchema,
  keySchema,
  paths,
} from '@easel/contract';
import { DomainError } from '../../domain-error.ts';
import type { HttpApp, RouteContext } from '../../http/http-app.ts';
import { callerHeaders } from '../../http/schemas/headers.ts';
import { bodyErrors, errorReplies, jsonReply, keyErrors } from '../../http/schemas/replies.ts';
import { needsKey } from '../../http/schemas/security.ts';
import type { HttpServices } from '../../http/services.ts';
import { keyChangesOf, keyReply, keyTermsOf } from './key-reply.ts';

const listSchema = {
  operationId: 'listKeys',
  tags: ['admin'],
  summary: 'The keys, newest first, revoked ones too',
  security: needsKey,
  querystring: keyListQuerySchema,
  response: {
    200: jsonReply('The keys', keyListSchema, callerHeaders),
    ...errorReplies('api', ...keyErrors, 'invalid_request'),
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
    ...errorReplies('api', ...keyErrors, ...bodyErrors, 'not_found'),
  },
} as const;

const revokeSchema = {
  operationId: 'revokeKey',
  tags: ['admin'],
  summary: 'Revoke a key permanently',
  security: needsKey,
  params: keyParamsSchema,
  response: {
    200: jsonReply('The key as it is now', keySchema, callerHeaders),
    ...errorReplies('api', ...keyErrors, 'not_found'),
  },
} as const;

const changeSchema = {
  operationId: 'changeKey',
  tags: ['admin'],
  summary: 'Change what a key may do, spend and how long it lives',
  security: needsKey,
  params: keyParamsSchema,
  body: keyPatchSchema,
  response: {
    200: jsonReply('The key as it is now', keySchema, callerHeaders),
    ...errorReplies('api', ...keyErrors, ...bodyErrors, 'not_found'),
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
  throw new DomainError(
    'not_found',
    `there is no model ${JSON.stringify(unknown)} here; there are: ${[...known].join(', ')}`,
    { param: 'models' },
  );
}
