import {
  headers,
  microToDecimal,
  paths,
  type SegmindSubmitted,
  segmindRequestSchema,
  segmindSubmittedSchema,
} from '@easel/contract';
import type { HttpApp, RouteContext } from '../../http/http-app.ts';
import { baseUrl } from '../../http/requests/base-url.ts';
import { workHeaders } from '../../http/requests/idempotency.ts';
import { submitWork } from '../../http/requests/submit-work.ts';
import { workReplyHeaders } from '../../http/schemas/headers.ts';
import { errorReplies, jsonReply, workErrors } from '../../http/schemas/replies.ts';
import { needsKey } from '../../http/schemas/security.ts';
import { readSegmindBody } from './read-body.ts';
import { modelOfSlug, slugAllowed, slugExists, slugParams } from './slug.ts';
import { requestUrls } from './urls.ts';

const schema = {
  operationId: 'segmindSubmit',
  tags: ['segmind'],
  summary: 'Have pictures made, and ask for them later',
  security: needsKey,
  consumes: ['application/json', 'multipart/form-data'],
  params: slugParams,
  headers: workHeaders,
  body: segmindRequestSchema,
  response: {
    200: jsonReply('The request was taken', segmindSubmittedSchema, workReplyHeaders),
    ...errorReplies('segmind', ...workErrors),
  },
} as const;

/** POST /v2/playground-v2.5 */
export function submitRoute(app: HttpApp, context: RouteContext): void {
  const { gate, options } = context;
  app.post(
    paths.segmind.submit,
    {
      schema,
      bodyLimit: options.bodyBytes,
      onRequest: [
        slugExists(context),
        gate.key('generate'),
        slugAllowed(context),
        gate.body('application/json', 'multipart/form-data'),
        gate.rateLimit,
      ],
      preValidation: readSegmindBody,
    },
    async (request, reply): Promise<SegmindSubmitted> => {
      const base = baseUrl(request, options.publicUrl);
      const card = modelOfSlug(context, request.params.slug);
      const job = await submitWork(context, request, reply, { surface: 'segmind-v2', body: request.body, card });
      reply.header(headers.cost, microToDecimal(job.price));
      return { request_id: job.id, status: 'QUEUED', ...requestUrls(job.id, base) };
    },
  );
}
