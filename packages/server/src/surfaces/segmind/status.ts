import { jobParamsSchema, paths, segmindFailedSchema, segmindStatusSchema } from '@easel/contract';
import type { HttpApp, RouteContext } from '../../http/http-app.ts';
import { callerOf } from '../../http/request-state.ts';
import { baseUrl } from '../../http/requests/base-url.ts';
import { callerHeaders } from '../../http/schemas/headers.ts';
import { errorReplies, jsonReply, keyErrors } from '../../http/schemas/replies.ts';
import { needsKey } from '../../http/schemas/security.ts';
import { failedReply, statusReply } from './request-reply.ts';

const schema = {
  operationId: 'segmindStatus',
  tags: ['segmind'],
  summary: 'How far a request is',
  security: needsKey,
  params: jobParamsSchema,
  response: {
    200: jsonReply('How far it is', segmindStatusSchema, callerHeaders),
    422: jsonReply('The run failed or was cancelled', segmindFailedSchema, callerHeaders),
    ...errorReplies('segmind', ...keyErrors, 'not_found'),
  },
} as const;

/** GET /v2/requests/:id/status */
export function statusRoute(app: HttpApp, { services, gate, options }: RouteContext): void {
  app.get(paths.segmind.status, { schema, onRequest: gate.ownKey }, async (request, reply) => {
    const view = await services.jobs.get(callerOf(request).accountId, request.params.id);
    const failed = failedReply(view.job);
    if (failed !== null) return reply.code(422).send(failed);
    return statusReply(view, baseUrl(request, options.publicUrl));
  });
}
