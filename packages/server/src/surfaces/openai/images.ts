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
import { askedBy, useModel } from '../../http/asked-request.ts';
import type { HttpApp, RouteContext } from '../../http/http-app.ts';
import { errorReplies, eventStreamContent, needsKey, pictureHeaders, runErrors } from '../../http/route-schemas.ts';
import { makePictures, workHeaders, workRoute } from '../../http/submit-work.ts';
import type { JobView } from '../../jobs/job-views.ts';
import type { ModelCard } from '../../models/model-card.ts';
import { openaiErrors } from './errors.ts';
import { modelOfRequest, type OpenaiOptions } from './models.ts';
import { imagesReply, streamPictures } from './replies.ts';

const schema = {
  operationId: 'openaiImages',
  tags: ['openai'],
  summary: 'Generate pictures',
  security: needsKey,
  headers: workHeaders,
  body: openaiImagesRequestSchema,
  response: {
    200: {
      description: 'The pictures; with `stream`, an event stream',
      headers: pictureHeaders,
      content: {
        'application/json': { schema: openaiImagesReplySchema },
        ...eventStreamContent({
          'image_generation.partial_image': openaiPartialImageEventSchema,
          'image_generation.completed': openaiCompletedEventSchema,
        }),
      },
    },
    ...errorReplies(openaiErrors, ...runErrors),
  },
} as const;

/** POST /v1/images/generations */
export function imagesRoute(app: HttpApp, context: RouteContext, options: OpenaiOptions): void {
  const { services } = context;
  app.post(paths.openai.images, { schema, ...workRoute(context) }, async (request, reply) => {
    const { body } = request;
    const base = baseUrl(request, context.options.publicUrl);
    const card = useModel(modelOfRequest(context, options, body.model), request, reply);
    const previews = previewsOf(body);
    const { values, called } = askedBy(body, 'openai');
    const own = { ...sizeOf(body.size ?? 'auto', card), preview: previews > 0 };
    const work = { surface: 'openai', asked: { values: { ...values, ...own }, called }, card };
    if (body.stream === true) return streamPictures(context, request, reply, work, previews);
    const format = body.response_format ?? 'b64_json';
    const read = (view: JobView) => {
      reply.header(headers.size, formatSize(view.job.request));
      return imagesReply(services, view, format, base);
    };
    return makePictures(context, request, reply, { work, read });
  });
}

/** How many previews the reply shall have: none but on a stream. */
function previewsOf({ stream = false, partial_images = 0 }: OpenaiImagesRequest): number {
  return stream ? partial_images : 0;
}

/** The size that is drawn for one of this surface. @throws DomainError `invalid_request` for a size that the model lacks */
function sizeOf(text: string, card: ModelCard): Size {
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
