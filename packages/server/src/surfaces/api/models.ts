import { type ModelList, modelListSchema, paths } from '@easel/contract';
import type { HttpApp, RouteContext } from '../../http/http-app.ts';
import { callerHeaders } from '../../http/schemas/headers.ts';
import { errorReplies, jsonReply, keyErrors } from '../../http/schemas/replies.ts';
import { needsKey } from '../../http/schemas/security.ts';
import { modelReply } from '../../models/model-card.ts';

const schema = {
  operationId: 'listModels',
  tags: ['models'],
  summary: 'The models, what they draw and what they take where a request is silent',
  security: needsKey,
  response: {
    200: jsonReply('The models', modelListSchema, callerHeaders),
    ...errorReplies('api', ...keyErrors),
  },
} as const;

/** GET /api/models */
export function modelsRoute(app: HttpApp, { services, gate }: RouteContext): void {
  app.get(
    paths.api.models,
    { schema, onRequest: gate.ownKey },
    async (): Promise<ModelList> => ({ models: services.models().map(modelReply) }),
  );
}
