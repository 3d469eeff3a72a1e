import {
  type ModelList,
  modelListSchema,
  paths,
  type TokenizeReply,
  tokenizeReplySchema,
  tokenizeRequestSchema,
} from '@easel/contract';
import { foreignSyntax, takeLoraTags } from '@easel/parameters';
import { modelOf } from '../../http/asked-request.ts';
import { bodyErrors, callerHeaders, errorReplies, jsonReply, keyErrors, needsKey } from '../../http/route-schemas.ts';
import { type HttpApp, problems, type RouteContext } from '../../http/surface.ts';
import { modelReply } from '../../models/model-card.ts';

const listSchema = {
  operationId: 'listModels',
  tags: ['models'],
  summary: 'List models, with their limits and defaults',
  security: needsKey,
  response: {
    200: jsonReply('The models', modelListSchema, callerHeaders),
    ...errorReplies(problems, ...keyErrors),
  },
} as const;

/** GET /api/models */
export function modelsRoute(app: HttpApp, { services, gate }: RouteContext): void {
  app.get(
    paths.api.models,
    { schema: listSchema, onRequest: gate.ownKey },
    async (): Promise<ModelList> => ({
      models: (await services.currentModels.list()).map((card) => modelReply(card, services.tariff)),
    }),
  );
}

const tokenizeSchema = {
  operationId: 'tokenize',
  tags: ['models'],
  summary: 'Tokenize a prompt, and show what exceeds the limit of the model',
  security: needsKey,
  body: tokenizeRequestSchema,
  response: {
    200: jsonReply('The tokens', tokenizeReplySchema, callerHeaders),
    ...errorReplies(problems, ...keyErrors, ...bodyErrors, 'not_found'),
  },
} as const;

/** POST /api/tokenize */
export function tokenizeRoute(app: HttpApp, { services, gate }: RouteContext): void {
  const onRequest = [gate.ownKey, gate.body('application/json')];
  app.post(paths.api.tokenize, { schema: tokenizeSchema, onRequest }, async ({ body }): Promise<TokenizeReply> => {
    const { slug } = modelOf(services, body.model);
    const { prompt_weighting: promptWeighting, long_prompts: longPrompts, lora_tags: loraTags } = body;
    const syntax = { promptWeighting, longPrompts, loraTags };
    const text = loraTags ? takeLoraTags(body.text).prompt : body.text;
    const encoders = await services.tokenize(slug, text, syntax);
    return {
      model: slug,
      encoders: encoders.map((encoder) => ({ ...encoder, ids: [...encoder.ids] })),
      foreign_syntax: foreignSyntax(body.text, syntax),
    };
  });
}
