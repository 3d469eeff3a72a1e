import { paths, type TokenizeReply, tokenizeReplySchema, tokenizeRequestSchema } from '@easel/contract';
import { foreignSyntax } from '@easel/parameters';
import type { HttpApp, RouteContext } from '../../http/http-app.ts';
import { modelOf } from '../../http/requests/model-of.ts';
import { callerHeaders } from '../../http/schemas/headers.ts';
import { bodyErrors, errorReplies, jsonReply, keyErrors } from '../../http/schemas/replies.ts';
import { needsKey } from '../../http/schemas/security.ts';

const schema = {
  operationId: 'tokenize',
  tags: ['models'],
  summary: 'How the model reads a prompt, and what of it is cut off',
  security: needsKey,
  body: tokenizeRequestSchema,
  response: {
    200: jsonReply('The tokens', tokenizeReplySchema, callerHeaders),
    ...errorReplies('api', ...keyErrors, ...bodyErrors, 'not_found'),
  },
} as const;

/** POST /api/tokenize */
export function tokenizeRoute(app: HttpApp, { services, gate }: RouteContext): void {
  const onRequest = [gate.ownKey, gate.body('application/json')];
  app.post(paths.api.tokenize, { schema, onRequest }, async ({ body }): Promise<TokenizeReply> => {
    const { slug } = modelOf(services, body.model);
    const encoders = await services.tokenize(slug, body.text);
    return {
      model: slug,
      encoders: encoders.map((encoder) => ({ ...encoder, ids: [...encoder.ids] })),
      foreign_syntax: foreignSyntax(body.text),
    };
  });
}
