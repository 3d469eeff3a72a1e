import { type OpenaiModel, openaiModelListSchema, openaiModelSchema, paths } from '@easel/contract';
import { Type } from 'typebox';
import { modelOf } from '../../http/asked-request.ts';
import type { HttpApp, RouteContext } from '../../http/http-app.ts';
import { callerHeaders, errorReplies, jsonReply, keyErrors, needsKey } from '../../http/route-schemas.ts';
import type { ModelCard } from '../../models/model-card.ts';
import { openaiErrors } from './errors.ts';
import { unixTime } from './replies.ts';

export interface OpenaiOptions {
  /** Names that mean the default model. */
  readonly modelAliases: readonly string[];
}

const listSchema = {
  operationId: 'openaiModels',
  tags: ['openai'],
  summary: 'List models',
  security: needsKey,
  response: {
    200: jsonReply('The models', openaiModelListSchema, callerHeaders),
    ...errorReplies(openaiErrors, ...keyErrors),
  },
} as const;

const modelSchema = {
  operationId: 'openaiModel',
  tags: ['openai'],
  summary: 'Get a model',
  security: needsKey,
  params: Type.Object(
    { id: Type.String({ description: "The model's name", examples: ['playground-v2.5'] }) },
    { title: 'OpenaiModelParams', description: 'The model' },
  ),
  response: {
    200: jsonReply('The model', openaiModelSchema, callerHeaders),
    ...errorReplies(openaiErrors, ...keyErrors, 'not_found'),
  },
} as const;

/** GET /v1/models and /v1/models/:id */
export function modelRoutes(app: HttpApp, context: RouteContext, options: OpenaiOptions): void {
  const { services, gate } = context;
  // The models are those of this process, and so is their time.
  const created = unixTime(new Date());
  app.get(paths.openai.models, { schema: listSchema, onRequest: gate.ownKey }, async () => ({
    object: 'list',
    data: services.models().map((card) => modelReply(card, created)),
  }));
  app.get(paths.openai.model, { schema: modelSchema, onRequest: gate.ownKey }, async ({ params }) =>
    modelReply(modelOfRequest(context, options, params.id), created),
  );
}

function modelReply({ slug }: ModelCard, created: number): OpenaiModel {
  return { id: slug, object: 'model', created, owned_by: 'easel' };
}

/** No name and the names of OpenAI's own models mean the default model. @throws DomainError `not_found` */
export function modelOfRequest(
  { services }: RouteContext,
  { modelAliases }: OpenaiOptions,
  name: string | undefined,
): ModelCard {
  const isAlias = name !== undefined && modelAliases.includes(name);
  return modelOf(
    services,
    isAlias ? undefined : name,
    '; names that mean the default model are set with openai.modelAliases',
  );
}
