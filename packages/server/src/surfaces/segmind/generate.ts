import { paths, segmindBase64ReplySchema, segmindRequestSchema } from '@easel/contract';
import { Type } from 'typebox';
import type { HttpApp, RouteContext } from '../../http/http-app.ts';
import { addGenerationHeaders } from '../../http/replies/generation-headers.ts';
import { deliver, endOfJob, endOfPatience } from '../../http/requests/end-of-job.ts';
import { workHeaders } from '../../http/requests/idempotency.ts';
import { submitWork } from '../../http/requests/submit-work.ts';
import { pictureHeaders } from '../../http/schemas/headers.ts';
import { errorReplies, runErrors } from '../../http/schemas/replies.ts';
import { needsKey } from '../../http/schemas/security.ts';
import { picturesReply } from './pictures.ts';
import { readSegmindBody } from './read-body.ts';
import { modelOfSlug, slugAllowed, slugExists, slugParams } from './slug.ts';

const file = Type.String({ format: 'binary', description: 'The first picture' });

const schema = {
  operationId: 'segmindGenerate',
  tags: ['segmind'],
  summary: 'Make pictures and wait for them',
  security: needsKey,
  consumes: ['application/json', 'multipart/form-data'],
  params: slugParams,
  headers: workHeaders,
  body: segmindRequestSchema,
  response: {
    200: {
      description: 'The pictures: with `base64` in JSON, without it the bytes of the first one',
      headers: pictureHeaders,
      content: {
        'application/json': { schema: segmindBase64ReplySchema },
        'image/jpeg': { schema: file },
        'image/png': { schema: file },
        'image/webp': { schema: file },
      },
    },
    ...errorReplies('segmind', ...runErrors),
  },
} as const;

/** POST /v1/playground-v2.5 */
export function generateRoute(app: HttpApp, context: RouteContext): void {
  const { gate, options } = context;
  app.post(
    paths.segmind.generate,
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
    async (request, reply) => {
      const patience = endOfPatience(context, reply);
      const card = modelOfSlug(context, request.params.slug);
      const isBase64 = request.body.base64 ?? options.segmindBase64Default;
      const work = { surface: 'segmind-v1', body: request.body, card, waits: true } as const;
      const job = await submitWork(context, request, reply, work);
      const view = await endOfJob(context, request, job.id, patience);
      const read = () => picturesReply(context, request, reply, view, isBase64);
      const pictures = await deliver(request, reply, view, { patience, read });
      addGenerationHeaders(reply, view.job, card);
      return pictures;
    },
  );
}
