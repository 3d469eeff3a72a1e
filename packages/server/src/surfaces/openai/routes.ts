import {
  formatSize,
  headers,
  type OpenaiImagesRequest,
  type OpenaiModel,
  offeredSizes,
  openaiCompletedEventSchema,
  openaiImagesReplySchema,
  openaiImagesRequestSchema,
  openaiModelListSchema,
  openaiModelSchema,
  openaiPartialImageEventSchema,
  paths,
  profileNames,
  type Size,
  sizeForOpenai,
} from '@easel/contract';
import { Type } from 'typebox';
import { DomainError } from '../../domain-error.ts';
import { askedBy, modelOf, useModel } from '../../http/asked-request.ts';
import {
  callerHeaders,
  errorReplies,
  eventStreamContent,
  jsonReply,
  keyErrors,
  needsKey,
  pictureHeaders,
  runErrors,
} from '../../http/route-schemas.ts';
import { makePictures, workHeaders, workRoute } from '../../http/submit-work.ts';
import { baseUrl, type HttpApp, type RouteContext } from '../../http/surface.ts';
import type { JobView } from '../../jobs/job-views.ts';
import type { ModelCard } from '../../models/model-card.ts';
import { imagesReply, openaiErrors, streamPictures, unixTime } from './replies.ts';

const imagesSchema = {
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
  app.post(paths.openai.images, { schema: imagesSchema, ...workRoute(context) }, async (request, reply) => {
    const { body } = request;
    const base = baseUrl(request, context.options.publicUrl);
    const card = useModel(modelOfRequest(context, options, body.model), request, reply);
    const previews = previewsOf(body);
    const asked = askedBy(body, 'openai');
    const own = { ...sizeOf(body.size ?? 'auto', card), preview: previews > 0 };
    const work = { surface: 'openai', asked: { ...asked, values: { ...asked.values, ...own } }, card };
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

export interface OpenaiOptions {
  /** Names that mean the default model. */
  readonly modelAliases: readonly string[];
}

const listSchema = {
  operationId: 'openaiModels',
  tags: ['openai'],
  summary: 'List models',
  security: needsKey,
  response: {
    200: jsonReply('The models', openaiModelListSchema, callerHeaders),
    ...errorReplies(openaiErrors, ...keyErrors),
  },
} as const;

const modelSchema = {
  operationId: 'openaiModel',
  tags: ['openai'],
  summary: 'Get a model',
  security: needsKey,
  params: Type.Object(
    { id: Type.String({ description: "The model's name", examples: ['playground-v2.5'] }) },
    { title: 'OpenaiModelParams', description: 'The model' },
  ),
  response: {
    200: jsonReply('The model', openaiModelSchema, callerHeaders),
    ...errorReplies(openaiErrors, ...keyErrors, 'not_found'),
  },
} as const;

/** GET /v1/models and /v1/models/:id */
export function modelRoutes(app: HttpApp, context: RouteContext, options: OpenaiOptions): void {
  const { services, gate } = context;
  // The models are those of this process, and so is their time.
  const created = unixTime(new Date());
  app.get(paths.openai.models, { schema: listSchema, onRequest: gate.ownKey }, async () => ({
    object: 'list',
    data: (await services.currentModels.list()).map((card) => modelReply(card, created)),
  }));
  app.get(paths.openai.model, { schema: modelSchema, onRequest: gate.ownKey }, async ({ params }) =>
    modelReply(await services.currentModels.of(modelOfRequest(context, options, params.id)), created),
  );
}

function modelReply({ slug, defaults, allowed, devices }: ModelCard, created: number): OpenaiModel {
  const { choices = [] } = allowed.profile ?? {};
  return {
    id: slug,
    object: 'model',
    created,
    owned_by: 'easel',
    profiles: profileNames.filter((name) => choices.includes(name)),
    default_profile: defaults.profile,
    devices: [...devices],
  };
}

/** No name and the names of OpenAI's own models mean the default model. @throws DomainError `not_found` */
function modelOfRequest(
  { services }: RouteContext,
  { modelAliases }: OpenaiOptions,
  name: string | undefined,
): ModelCard {
  const isAlias = name !== undefined && modelAliases.includes(name);
  return modelOf(
    services,
    isAlias ? undefined : name,
    '; names that mean the default model are set with openai.modelAliases',
  );
}
