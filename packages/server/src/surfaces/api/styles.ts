import {
  builtInStyles,
  paths,
  type Style,
  type StyleList,
  type StyleReply,
  styleListSchema,
  styleParamsSchema,
  stylePutSchema,
  styleSchema,
} from '@easel/contract';
import { bodyErrors, callerHeaders, errorReplies, jsonReply, keyErrors, needsKey } from '../../http/route-schemas.ts';
import { callerOf, type HttpApp, problems, type RouteContext } from '../../http/surface.ts';

const listSchema = {
  operationId: 'listStyles',
  tags: ['models'],
  summary: 'List the styles that a request may name',
  security: needsKey,
  response: {
    200: jsonReply("Easel's own styles, and those of the account", styleListSchema, callerHeaders),
    ...errorReplies(problems, ...keyErrors),
  },
} as const;

const putSchema = {
  operationId: 'saveStyle',
  tags: ['models'],
  summary: 'Save a style of your own; one of the same name is replaced',
  security: needsKey,
  params: styleParamsSchema,
  body: stylePutSchema,
  response: {
    200: jsonReply('The style', styleSchema, callerHeaders),
    ...errorReplies(problems, ...keyErrors, ...bodyErrors, 'not_found'),
  },
} as const;

const deleteSchema = {
  operationId: 'deleteStyle',
  tags: ['models'],
  summary: 'Delete a style of your own',
  security: needsKey,
  params: styleParamsSchema,
  response: {
    204: { description: 'Deleted', type: 'null' },
    ...errorReplies(problems, ...keyErrors, 'invalid_request', 'not_found'),
  },
} as const;

/** GET /api/styles, PUT and DELETE /api/styles/:name */
export function stylesRoutes(app: HttpApp, { services: { styles }, gate }: RouteContext): void {
  app.get(paths.api.styles, { schema: listSchema, onRequest: gate.ownKey }, async (request): Promise<StyleList> => {
    const own = await styles.listOwn(callerOf(request).accountId);
    return {
      styles: [...builtInStyles.map((each) => styleReply(each, false)), ...own.map((each) => styleReply(each, true))],
    };
  });
  const onPut = [gate.key('generate'), gate.body('application/json')];
  app.put(paths.api.style, { schema: putSchema, onRequest: onPut }, async (request): Promise<StyleReply> => {
    const { prompt, negative_prompt: negativePrompt } = request.body;
    const style = { name: request.params.name, prompt, negativePrompt };
    await styles.save(callerOf(request).accountId, style);
    return styleReply(style, true);
  });
  app.delete(paths.api.style, { schema: deleteSchema, onRequest: gate.key('generate') }, async (request, reply) => {
    await styles.remove(callerOf(request).accountId, request.params.name);
    return reply.code(204).send();
  });
}

function styleReply({ name, prompt, negativePrompt }: Style, isOwn: boolean): StyleReply {
  return { name, prompt, ...(negativePrompt !== undefined && { negative_prompt: negativePrompt }), is_own: isOwn };
}
