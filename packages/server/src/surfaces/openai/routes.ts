import {
  type FieldValues,
  formatSize,
  fromText,
  headers,
  type OpenaiImagesReply,
  type OpenaiImagesRequest,
  type OpenaiModel,
  offeredSizes,
  openaiCompletedEventSchema,
  openaiEditRequestSchema,
  openaiImagesReplySchema,
  openaiImagesRequestSchema,
  openaiModelListSchema,
  openaiModelSchema,
  openaiPartialImageEventSchema,
  paths,
  profileNames,
  type Size,
  sizeForOpenai,
  withoutEmptyFields,
} from '@easel/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { DomainError } from '../../domain-error.ts';
import { askedBy, modelOf, useModel } from '../../http/asked-request.ts';
import { isForm } from '../../http/parse-bodies.ts';
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
import { type EventFamily, imagesReply, openaiErrors, streamPictures, unixTime } from './replies.ts';

const imagesSchema = {
  operationId: 'openaiImages',
  tags: ['openai'],
  summary: 'Generate pictures',
  security: needsKey,
  headers: workHeaders,
  body: openaiImagesRequestSchema,
  response: repliesOf('image_generation'),
} as const;

function repliesOf<Family extends EventFamily>(family: Family) {
  return {
    200: {
      description: 'The pictures; with `stream`, an event stream',
      headers: pictureHeaders,
      content: {
        'application/json': { schema: openaiImagesReplySchema },
        ...eventStreamContent({
          [`${family}.partial_image`]: openaiPartialImageEventSchema,
          [`${family}.completed`]: openaiCompletedEventSchema,
        }),
      },
    },
    ...errorReplies(openaiErrors, ...runErrors),
  } as const;
}

/** POST /v1/images/generations */
export function imagesRoute(app: HttpApp, context: RouteContext, options: OpenaiOptions): void {
  app.post(paths.openai.images, { schema: imagesSchema, ...workRoute(context) }, async (request, reply) => {
    const { body } = request;
    const card = useModel(modelOfRequest(context, options, body.model), request, reply);
    const size = sizeOf(body.size ?? 'auto', card);
    return answer(context, request, reply, { body, card, family: 'image_generation', own: size });
  });
}

const editsSchema = {
  operationId: 'openaiEdits',
  tags: ['openai'],
  summary: 'Edit a picture: repaint what a mask says, or all of it',
  security: needsKey,
  consumes: ['multipart/form-data', 'application/json'],
  headers: workHeaders,
  body: openaiEditRequestSchema,
  response: repliesOf('image_edit'),
} as const;

/** POST /v1/images/edits. Without a size the picture has the shape of the one that is edited. */
export function editsRoute(app: HttpApp, context: RouteContext, options: OpenaiOptions): void {
  const route = { schema: editsSchema, ...workRoute(context, { takesPictures: true, readBody: readEdit }) };
  app.post(paths.openai.edits, route, async (request, reply) => {
    const { body } = request;
    const card = useModel(modelOfRequest(context, options, body.model), request, reply);
    const { size = 'auto', image, mask, strength, mask_padding: maskPadding, mask_blur: maskBlur } = body;
    const own = { image, mask, strength, maskPadding, maskBlur, ...(size !== 'auto' && sizeOf(size, card)) };
    return answer(context, request, reply, { body, card, family: 'image_edit', own });
  });
}

/** Before validation: a form becomes the body it stands for. Clients that may send several pictures call the field of one `image[]`, too. */
async function readEdit(request: FastifyRequest): Promise<void> {
  if (!isForm(request)) return;
  const { 'image[]': listed, ...fields } = recordOf(request.body);
  const body = listed === undefined ? fields : { image: listed, ...fields };
  request.body = fromText(openaiEditRequestSchema, withoutEmptyFields(openaiEditRequestSchema, body));
}

function recordOf(body: unknown): Record<string, unknown> {
  return typeof body === 'object' && body !== null ? { ...body } : {};
}

interface ImagesWork {
  readonly body: OpenaiImagesRequest;
  readonly card: ModelCard;
  readonly family: EventFamily;
  /** What this surface reads in a way of its own. */
  readonly own: FieldValues;
}

/** The pictures, or the events on the way to them. */
function answer(
  context: RouteContext,
  request: FastifyRequest,
  reply: FastifyReply,
  { body, card, family, own }: ImagesWork,
): Promise<FastifyReply | OpenaiImagesReply> {
  const base = baseUrl(request, context.options.publicUrl);
  const previews = previewsOf(body);
  const asked = askedBy(body, 'openai');
  const values = { ...asked.values, ...own, prompt: body.prompt, preview: previews > 0 };
  const work = { surface: 'openai', asked: { ...asked, values }, card };
  if (body.stream === true) return streamPictures(context, request, reply, { work, previews, family });
  const format = body.response_format ?? 'b64_json';
  const read = (view: JobView) => {
    reply.header(headers.size, formatSize(view.images[0] ?? view.job.request));
    return imagesReply(context.services, view, format, base);
  };
  return makePictures(context, request, reply, { work, read });
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
