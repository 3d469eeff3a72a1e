import { imageParamsSchema, paths } from '@easel/contract';
import type { HttpApp, RouteContext } from '../../http/http-app.ts';
import { callerOf } from '../../http/request-state.ts';
import { errorReplies, keyErrors } from '../../http/schemas/replies.ts';
import { needsKey } from '../../http/schemas/security.ts';

const schema = {
  operationId: 'deleteImage',
  tags: ['images'],
  summary: 'Delete a picture of a job of your own',
  security: needsKey,
  params: imageParamsSchema,
  response: {
    204: { description: 'It is deleted', type: 'null' },
    ...errorReplies('api', ...keyErrors, 'not_found'),
  },
} as const;

/** DELETE /api/images/:name */
export function deleteImageRoute(app: HttpApp, { services, gate }: RouteContext): void {
  app.delete(paths.api.image, { schema, onRequest: gate.key('generate') }, async (request, reply) => {
    const [name = ''] = request.params.name.split('.', 1);
    await services.images.remove(callerOf(request).accountId, name);
    return reply.code(204).send();
  });
}
