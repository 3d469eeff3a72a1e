import { jobParamsSchema, paths, segmindFailedSchema, segmindResultSchema, segmindStatusSchema } from '@easel/contract';
import { Type } from 'typebox';
import type { HttpApp, RouteContext } from '../../http/http-app.ts';
import { callerOf } from '../../http/request-state.ts';
import { baseUrl } from '../../http/requests/base-url.ts';
import { callerHeaders } from '../../http/schemas/headers.ts';
import { errorReplies, jsonReply, keyErrors } from '../../http/schemas/replies.ts';
import { needsKey } from '../../http/schemas/security.ts';
import { failedReply, resultReply, statusReply } from './request-reply.ts';

const description = 'The pictures; while they are made, how far it is';

const schemaFor = (operationId: string) =>
  ({
    operationId,
    tags: ['segmind'],
    summary: 'The pictures of a request',
    security: needsKey,
    params: jobParamsSchema,
    response: {
      200: jsonReply(description, Type.Union([segmindResultSchema, segmindStatusSchema]), callerHeaders),
      422: jsonReply('The run failed or was cancelled', segmindFailedSchema, callerHeaders),
      ...errorReplies('segmind', ...keyErrors, 'not_found'),
    },
  }) as const;

const addresses = [
  [paths.segmind.result, 'segmindResult'],
  [paths.segmind.poll, 'segmindPoll'],
] as const;

/** GET /v2/requests/:id and, in the older form, GET /v1/requests/:id */
export function resultRoutes(app: HttpApp, { services, gate, options }: RouteContext): void {
  for (const [path, operationId] of addresses) {
    app.get(path, { schema: schemaFor(operationId), onRequest: gate.ownKey }, async (request, reply) => {
      const { accountId } = callerOf(request);
      const view = await services.jobs.get(accountId, request.params.id);
      const failed = failedReply(view.job);
      if (failed !== null) return reply.code(422).send(failed);
      const base = baseUrl(request, options.publicUrl);
      if (view.job.state !== 'succeeded') return statusReply(view, base);
      return resultReply(view, base, (await services.credits.balance(accountId)).available);
    });
  }
}
