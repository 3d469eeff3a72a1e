import {
  formatSize,
  headers,
  type OpenaiImagesRequest,
  offeredSizes,
  openaiCompletedEventSchema,
  openaiImagesReplySchema,
  openaiImagesRequestSchema,
  openaiPartialImageEventSchema,
  paths,
  type Size,
  sizeForOpenai,
} from '@easel/contract';
import { DomainError } from '../../domain-error.ts';
import { baseUrl } from '../../http/addresses.ts';
import { useModel } from '../../http/asked-request.ts';
import type { HttpApp, RouteContext } from '../../http/http-app.ts';
import { errorReplies, eventStreamContent, needsKey, pictureHeaders, runErrors } from '../../http/route-schemas.ts';
import { submitWork, workHeaders } from '../../http/submit-work.ts';
import { addGenerationHeaders, deliver, endOfJob, endOfPatience } from '../../http/wait-for-job.ts';
import type { ModelCard } from '../../models/model-card.ts';
import { modelOfRequest } from './models.ts';
import { imagesReply, sendStream } from './replies.ts';

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

/** How many previews the reply shall have: none but on a stream. */
export function previewsOf({ stream = false, partial_images = 0 }: OpenaiImagesRequest): number {
  return stream ? partial_images : 0;
}

/** The size that is drawn for one of this surface. @throws DomainError `invalid_request` for a size that the model lacks */
export function sizeOf(text: string, card: ModelCard): Size {
  const size = sizeForOpenai(text, card.defaults, card.sizes);
  if (size !== undefined) return size;
  const offered = ['auto', ...offeredSizes(card.defaults.width, card.sizes)].join(', ');
  const { minSide, maxSide, maxMegapixels } = card.sizes;
  throw new DomainError(
    'invalid_request',
    `size must be one that ${card.slug} draws: ${offered}, or any with sides from ${minSide} to ${maxSide}, multiples of 8, ` +
      `of at most ${maxMegapixels} megapixels (got ${text})`,
    { param: 'size' },
  );
}
