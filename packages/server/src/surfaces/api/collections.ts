import {
  type Collection,
  type CollectionList,
  collectionChangeSchema,
  collectionListSchema,
  collectionNameSchema,
  collectionParamsSchema,
  collectionSchema,
  paths,
} from '@easel/contract';
import { bodyErrors, callerHeaders, errorReplies, jsonReply, keyErrors, needsKey } from '../../http/route-schemas.ts';
import { callerOf, type HttpApp, problems, type RouteContext } from '../../http/surface.ts';

const listSchema = {
  operationId: 'listCollections',
  tags: ['images'],
  summary: 'List your collections of pictures',
  security: needsKey,
  response: {
    200: jsonReply('The collections', collectionListSchema, callerHeaders),
    ...errorReplies(problems, ...keyErrors),
  },
} as const;

const createSchema = {
  operationId: 'createCollection',
  tags: ['images'],
  summary: 'Create a collection',
  security: needsKey,
  body: collectionNameSchema,
  response: {
    201: jsonReply('The collection', collectionSchema, callerHeaders),
    ...errorReplies(problems, ...keyErrors, ...bodyErrors, 'conflict'),
  },
} as const;

const renameSchema = {
  operationId: 'renameCollection',
  tags: ['images'],
  summary: 'Rename a collection',
  security: needsKey,
  params: collectionParamsSchema,
  body: collectionNameSchema,
  response: {
    200: jsonReply('The collection', collectionSchema, callerHeaders),
    ...errorReplies(problems, ...keyErrors, ...bodyErrors, 'not_found', 'conflict'),
  },
} as const;

const deleteSchema = {
  operationId: 'deleteCollection',
  tags: ['images'],
  summary: 'Delete a collection; its pictures stay',
  security: needsKey,
  params: collectionParamsSchema,
  response: {
    204: { description: 'Deleted', type: 'null' },
    ...errorReplies(problems, ...keyErrors, 'not_found'),
  },
} as const;

const changeSchema = {
  operationId: 'changeCollection',
  tags: ['images'],
  summary: 'Add pictures to a collection, and remove others: all of them, or none',
  security: needsKey,
  params: collectionParamsSchema,
  body: collectionChangeSchema,
  response: {
    200: jsonReply('The collection', collectionSchema, callerHeaders),
    ...errorReplies(problems, ...keyErrors, ...bodyErrors, 'not_found'),
  },
} as const;

/** GET and POST /api/collections, PATCH and DELETE /api/collections/:id, POST /api/collections/:id/pictures */
export function collectionsRoutes(app: HttpApp, { services: { collections }, gate }: RouteContext): void {
  const { api } = paths;
  const onRequest = [gate.key('generate'), gate.body('application/json')];
  app.get(api.collections, { schema: listSchema, onRequest: gate.ownKey }, async (request): Promise<CollectionList> => {
    return { collections: [...(await collections.list(callerOf(request).accountId))] };
  });
  app.post(api.collections, { schema: createSchema, onRequest }, async (request, reply): Promise<Collection> => {
    reply.code(201);
    return collections.create(callerOf(request).accountId, request.body.name);
  });
  app.patch(api.collection, { schema: renameSchema, onRequest }, (request): Promise<Collection> => {
    return collections.rename(callerOf(request).accountId, request.params.id, request.body.name);
  });
  app.delete(api.collection, { schema: deleteSchema, onRequest: gate.key('generate') }, async (request, reply) => {
    await collections.remove(callerOf(request).accountId, request.params.id);
    return reply.code(204).send();
  });
  app.post(api.collectionPictures, { schema: changeSchema, onRequest }, (request): Promise<Collection> => {
    const { add = [], remove = [] } = request.body;
    return collections.change(callerOf(request).accountId, request.params.id, { add, remove });
  });
}
