import {
  formatSize,
  headers,
  openaiCompletedEventSchema,
  openaiImagesReplySchema,
  openaiImagesRequestSchema,
  openaiPartialImageEventSchema,
  paths,
} from '@easel/contract';
import type { HttpApp, RouteContext } from '../../http/http-app.ts';
import { addGenerationHeaders } from '../../http/replies/generation-headers.ts';
import { baseUrl } from '../../http/requests/base-url.ts';
import { deliver, endOfJob, endOfPatience } from '../../http/requests/end-of-job.ts';
import { workHeaders } from '../../http/requests/idempotency.ts';
import { useModel } from '../../http/requests/model-of.ts';
import { submitWork } from '../../http/requests/submit-work.ts';
import { eventStreamContent } from '../../http/schemas/event-stream.ts';
import { pictureHeaders } from '../../http/schemas/headers.ts';
import { errorReplies, runErrors } from '../../http/schemas/replies.ts';
import { needsKey } from '../../http/schemas/security.ts';
import { imagesReply } from './images-reply.ts';
import { modelOfRequest } from './model-of-request.ts';
import { previewsOf, sizeOf } from './picture-fields.ts';
import { sendStream } from './send-stream.ts';

const schema = {
  operationId: 'openaiImages',
  tags: ['openai'],
  summary: 'Make pictures',
  security: needsKey,
  headers: workHeaders,
  body: openaiImagesRequestSchema,
  response: {
    200: {
      description: 'The pictures; with `stream`, events as they come',
      headers: pictureHeaders,
      content: {
        'application/json': { schema: openaiImagesReplySchema },
        ...eventStreamContent({
          'image_generation.partial_image': openaiPartialImageEventSchema,
          'image_generation.completed': openaiCompletedEventSchema,
        }),
      },
    },
    ...errorReplies('openai', ...runErrors),
  },
} as const;

/** POST /v1/images/generations */
export function imagesRoute(app: HttpApp, context: RouteContext): void {
  const { services, gate, options } = context;
  const onRequest = [gate.key('generate'), gate.body('application/json'), gate.rateLimit];
  app.post(paths.openai.images, { schema, onRequest }, async (request, reply) => {
    const { body } = request;
    const patience = endOfPatience(context, reply);
    const base = baseUrl(request, options.publicUrl);
    const card = useModel(modelOfRequest(context, body.model), request, reply);
    const instead = { ...sizeOf(body.size ?? 'auto', card), preview: previewsOf(body) > 0 };
    const job = await submitWork(context, request, reply, { surface: 'openai', body, instead, card, waits: true });
    if (body.stream === true) {
      return sendStream(context, request, reply, { job, previews: previewsOf(body), patience });
    }
    const view = await endOfJob(context, request, job.id, patience);
    reply.header(headers.size, formatSize(job.request));
    const read = () => imagesReply(services, view, body.response_format ?? 'b64_json', base);
    const pictures = await deliver(request, reply, view, { patience, read });
    addGenerationHeaders(reply, view.job, card);
    return pictures;
  });
}
