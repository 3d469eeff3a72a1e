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
import { askedBy, modelOf } from '../../http/asked-request.ts';
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
import { makePictures, submitWork, workHeaders, workRoute } from '../../http/submit-work.ts';
import { baseUrl, type HttpApp, type RouteContext } from '../../http/surface.ts';
import { picturesGone } from '../../http/wait-for-job.ts';
import type { JobView } from '../../jobs/job-views.ts';
import { imageUrl, mediaTypeOf } from '../../pictures/images.ts';
import { requestUrls, segmindErrors } from './requests.ts';

/** The model in the address. */
const slugParams = Type.Object(
  { slug: Type.String({ description: "The model's name", examples: ['playground-v2.5'] }) satisfies TString },
  { title: 'SlugParams', description: 'The model' },
);

const file = Type.String({ format: 'binary', description: 'The first picture' });

const generateSchema = {
  operationId: 'segmindGenerate',
  tags: ['segmind'],
  summary: 'Generate pictures and wait for them',
  security: needsKey,
  consumes: ['application/json', 'multipart/form-data'],
  params: slugParams,
  headers: workHeaders,
  body: segmindRequestSchema,
  response: {
    200: {
      description: 'With `base64` all pictures as JSON, without it the bytes of the first one',
      headers: pictureHeaders,
      content: {
        'application/json': { schema: segmindBase64ReplySchema },
        'image/jpeg': { schema: file },
        'image/png': { schema: file },
        'image/webp': { schema: file },
      },
    },
    ...errorReplies(segmindErrors, ...runErrors),
  },
} as const;

export interface SegmindOptions {
  /** What `base64` is when a request does not say. */
  readonly base64Default: boolean;
}

const taken = { takesPictures: true, isModelInPath: true, readBody: readSegmindBody };

/** POST /v1/playground-v2.5 */
export function generateRoute(app: HttpApp, context: RouteContext, { base64Default }: SegmindOptions): void {
  const route = { schema: generateSchema, ...workRoute(context, taken) };
  app.post(paths.segmind.generate, route, async (request, reply) => {
    const { body, params } = request;
    const isBase64 = body.base64 ?? base64Default;
    const card = modelOf(context.services, params.slug);
    return makePictures(context, request, reply, {
      work: { surface: 'segmind-v1', asked: askedBy(body, 'segmind'), card },
      read: (view) => picturesReply(context, request, reply, view, isBase64),
    });
  });
}

const submitSchema = {
  operationId: 'segmindSubmit',
  tags: ['segmind'],
  summary: 'Submit a request, to get its pictures later',
  security: needsKey,
  consumes: ['application/json', 'multipart/form-data'],
  params: slugParams,
  headers: workHeaders,
  body: segmindRequestSchema,
  response: {
    200: jsonReply('The request was accepted', segmindSubmittedSchema, workReplyHeaders),
    ...errorReplies(segmindErrors, ...workErrors),
  },
} as const;

/** POST /v2/playground-v2.5 */
export function submitRoute(app: HttpApp, context: RouteContext): void {
  const route = { schema: submitSchema, ...workRoute(context, taken) };
  app.post(paths.segmind.submit, route, async (request, reply): Promise<SegmindSubmitted> => {
    const { body, params } = request;
    const base = baseUrl(request, context.options.publicUrl);
    const card = modelOf(context.services, params.slug);
    const job = await submitWork(context, request, reply, {
      surface: 'segmind-v2',
      asked: askedBy(body, 'segmind'),
      card,
    });
    reply.header(headers.cost, microToDecimal(job.price));
    return { request_id: job.id, status: 'QUEUED', ...requestUrls(job.id, base) };
  });
}

/** Before validation: what old clients and forms send becomes what the schema asks for. */
async function readSegmindBody(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const sent = isForm(request) ? withoutEmptyFields(segmindRequestSchema, request.body) : request.body;
  const { body, ignored } = lenientSegmindBody(sent);
  request.body = body;
  if (ignored.length > 0) reply.header(headers.ignoredFields, ignoredFieldsHeader(ignored));
}

/** The pictures of a job that went well: all of them in JSON, or the first one as it is; with links to each. */
async function picturesReply(
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
