import {
  headers,
  ignoredFieldsHeader,
  lenientSegmindBody,
  microToDecimal,
  paths,
  type SegmindBase64Reply,
  type SegmindSubmitted,
  segmindBase64ReplySchema,
  segmindRequestSchema,
  segmindSubmittedSchema,
  withoutEmptyFields,
} from '@easel/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type TString, Type } from 'typebox';
import { baseUrl } from '../../http/addresses.ts';
import { findModel, modelOf, useModel } from '../../http/asked-request.ts';
import type { HttpApp, RouteContext } from '../../http/http-app.ts';
import { isForm } from '../../http/parse-bodies.ts';
import {
  errorReplies,
  jsonReply,
  needsKey,
  pictureHeaders,
  runErrors,
  workErrors,
  workReplyHeaders,
} from '../../http/route-schemas.ts';
import { submitWork, workHeaders } from '../../http/submit-work.ts';
import { addGenerationHeaders, deliver, endOfJob, endOfPatience, picturesGone } from '../../http/wait-for-job.ts';
import type { JobView } from '../../jobs/job-queries.ts';
import type { ModelCard } from '../../models/model-card.ts';
import { imageUrl, mediaTypeOf } from '../../pictures/images.ts';
import { requestUrls } from './requests.ts';

/** The model in the address. */
export const slugParams = Type.Object(
  { slug: Type.String({ description: "The model's name", examples: ['playground-v2.5'] }) satisfies TString },
  { title: 'SlugParams', description: 'Which model' },
);

const file = Type.String({ format: 'binary', description: 'The first picture' });

const generateSchema = {
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
      schema: generateSchema,
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

const submitSchema = {
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
      schema: submitSchema,
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

/** The first question of all: an address with a model that is not there does not exist, whoever asks. */
export function slugExists({ services }: RouteContext) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    if (findModel(services, slugOf(request)) === null) return reply.callNotFound();
  };
}

/** After the key: whether it may use this model. */
export function slugAllowed({ services }: RouteContext) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    useModel(modelOf(services, slugOf(request)), request, reply);
  };
}

export function modelOfSlug({ services }: RouteContext, slug: string): ModelCard {
  return modelOf(services, slug);
}

/** Before validation, where nothing is typed yet. */
function slugOf({ params }: FastifyRequest): string {
  if (typeof params !== 'object' || params === null || !('slug' in params)) return '';
  return String(params.slug);
}

/** Before validation: what old clients and forms send becomes what the schema asks for. */
export async function readSegmindBody(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const sent = isForm(request) ? withoutEmptyFields(segmindRequestSchema, request.body) : request.body;
  const { body, ignored } = lenientSegmindBody(sent);
  request.body = body;
  if (ignored.length > 0) reply.header(headers.ignoredFields, ignoredFieldsHeader(ignored));
}

/** The pictures of a job that went well: all of them in JSON, or the first one as it is; with links to each. */
export async function picturesReply(
  { services, options }: RouteContext,
  request: FastifyRequest,
  reply: FastifyReply,
  { job, images }: JobView,
  isBase64: boolean,
): Promise<SegmindBase64Reply | Uint8Array> {
  const [first] = images;
  if (first === undefined) throw picturesGone(job);
  reply.header(headers.link, links(images, linkBase(request, options.publicUrl)));
  if (isBase64) {
    const files = await Promise.all(images.map(({ name }) => services.images.read(name)));
    const texts = files.map((bytes) => Buffer.from(bytes).toString('base64'));
    return { image: texts[0] ?? '', images: texts, seed: first.seed, seeds: images.map(({ seed }) => seed) };
  }
  const bytes = await services.images.read(first.name);
  // Exactly this, without a parameter: clients compare it.
  reply.header('content-type', mediaTypeOf(first.format));
  return Buffer.from(bytes);
}

/** A link may be relative (RFC 8288 §3.1), which it is for a client that does not say what the server is called. */
function linkBase(request: FastifyRequest, publicUrl: string | null): string {
  try {
    return baseUrl(request, publicUrl);
  } catch {
    return '';
  }
}

/** RFC 8288 */
function links(images: JobView['images'], base: string): string[] {
  return images.map((image) => `<${imageUrl(image, base)}>; rel="item"`);
}
