import {
  type InstalledModels,
  installedModelsSchema,
  type ModelPull,
  type ModelPullList,
  modelPullCreateSchema,
  modelPullListSchema,
  modelPullParamsSchema,
  modelPullSchema,
  modelRemovalQuerySchema,
  modelRemovedSchema,
  paths,
} from '@easel/contract';
import { bodyErrors, callerHeaders, errorReplies, jsonReply, keyErrors, needsKey } from '../../http/route-schemas.ts';
import { type HttpApp, problems, type RouteContext } from '../../http/surface.ts';
import { availableModels, type PullRecord } from '../../models/model-store.ts';

const listSchema = {
  operationId: 'listInstalledModels',
  tags: ['admin'],
  summary: "List the models in this server's cache, and the names that can be pulled",
  security: needsKey,
  response: {
    200: jsonReply('The models', installedModelsSchema, callerHeaders),
    ...errorReplies(problems, ...keyErrors),
  },
} as const;

const removeSchema = {
  operationId: 'removeModel',
  tags: ['admin'],
  summary: "Delete a model from this server's cache; what another revision has, too, stays",
  security: needsKey,
  querystring: modelRemovalQuerySchema,
  response: {
    200: jsonReply('What is free again', modelRemovedSchema, callerHeaders),
    ...errorReplies(problems, ...keyErrors, 'invalid_request', 'not_found', 'conflict'),
  },
} as const;

const listPullsSchema = {
  operationId: 'listModelPulls',
  tags: ['admin'],
  summary: 'List the downloads of models, newest first',
  security: needsKey,
  response: {
    200: jsonReply('The downloads', modelPullListSchema, callerHeaders),
    ...errorReplies(problems, ...keyErrors),
  },
} as const;

const startSchema = {
  operationId: 'pullModel',
  tags: ['admin'],
  summary: 'Download a model from the Hugging Face Hub; one that is being downloaded already is not started twice',
  security: needsKey,
  body: modelPullCreateSchema,
  response: {
    202: jsonReply('The download, which goes on; ask for it again to follow it', modelPullSchema, callerHeaders),
    ...errorReplies(problems, ...keyErrors, ...bodyErrors, 'conflict'),
  },
} as const;

const cancelSchema = {
  operationId: 'cancelModelPull',
  tags: ['admin'],
  summary: 'Cancel a download; what has arrived is kept, and the next one resumes there',
  security: needsKey,
  params: modelPullParamsSchema,
  response: {
    200: jsonReply('The download after the request', modelPullSchema, callerHeaders),
    ...errorReplies(problems, ...keyErrors, 'not_found'),
  },
} as const;

/** GET and DELETE /api/admin/models, GET and POST /api/admin/models/pulls, DELETE /api/admin/models/pulls/:id */
export function modelRoutes(app: HttpApp, { services: { modelStore }, gate }: RouteContext): void {
  const admin = gate.key('admin');
  app.get(paths.admin.installedModels, { schema: listSchema, onRequest: admin }, async (): Promise<InstalledModels> => {
    const found = await modelStore.list();
    return {
      installed: found.map(({ model: { name, repo, commit, bytes, path }, isInUse }) => {
        return { name, repo, commit, bytes, complete: path !== undefined, in_use: isInUse };
      }),
      available: [...availableModels],
    };
  });

  app.delete(paths.admin.installedModels, { schema: removeSchema, onRequest: admin }, async ({ query }) => {
    const { name, freedBytes } = await modelStore.remove(query.name);
    return { name, freed_bytes: freedBytes };
  });

  app.get(paths.admin.modelPulls, { schema: listPullsSchema, onRequest: admin }, async (): Promise<ModelPullList> => {
    return { pulls: modelStore.pulls().map(pullReply) };
  });

  const onRequest = [admin, gate.body('application/json')];
  app.post(paths.admin.modelPulls, { schema: startSchema, onRequest }, async ({ body }, reply) => {
    const { name, variant, accept_license: acceptLicence = false } = body;
    const pull = modelStore.start({ name, variant, acceptLicence });
    reply.code(202);
    return pullReply(pull);
  });

  app.delete(paths.admin.modelPull, { schema: cancelSchema, onRequest: admin }, async ({ params }) =>
    pullReply(await modelStore.cancel(params.id)),
  );
}

function pullReply(pull: PullRecord): ModelPull {
  const { id, name, state, receivedBytes, totalBytes, bytesPerSecond, waitsFor, licence, error, startedAt, endedAt } =
    pull;
  return {
    ...{ id, name, state, error },
    received_bytes: receivedBytes,
    total_bytes: totalBytes,
    bytes_per_second: bytesPerSecond,
    waits_for_process: waitsFor,
    licence: licence && { name: licence.name ?? null, link: licence.link ?? null },
    started_at: startedAt.toISOString(),
    ended_at: endedAt?.toISOString() ?? null,
  };
}
