import { headers, imageParamsSchema, imageQuerySchema, jobSchema, paths } from '@easel/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { DomainError } from '../../domain-error.ts';
import { callerHeaders, errorReplies, hidden, jsonReply, keyErrors, needsKey, text } from '../../http/route-schemas.ts';
import { baseUrl, callerOf, type HttpApp, problems, type RouteContext } from '../../http/surface.ts';
import { clientGone } from '../../http/wait-for-job.ts';
import { jobReply } from '../../jobs/job-views.ts';
import type { ByteRange } from '../../pictures/image-store.ts';
import { fileNameOf, type ImageRecord, mediaTypeOf, type OwnedImage } from '../../pictures/images.ts';
import { Room } from '../../room.ts';

const file = Type.String({ format: 'binary', description: 'The picture' });
const content = { 'image/jpeg': { schema: file }, 'image/png': { schema: file }, 'image/webp': { schema: file } };

/** Requests without a key may use only a few of the connections to the database, whatever they ask of a picture. */
const lookupRoom = {
  capacity: 3,
  patienceMs: 30_000,
  refusal: 'too many pictures are fetched at the same time',
};

const getSchema = {
  operationId: 'getImage',
  tags: ['images'],
  summary: 'Get a picture by its unguessable name; no key is needed',
  params: imageParamsSchema,
  querystring: imageQuerySchema,
  response: {
    200: {
      description: 'The picture',
      headers: { [headers.device]: text('The device that drew it; absent for an imported picture', 'webgpu') },
      content,
    },
    206: { description: 'The requested range', content },
    304: { description: 'Not modified: the picture matches `If-None-Match`', type: 'null' },
    416: { description: 'The range is outside the picture', type: 'null' },
    ...errorReplies(problems, 'invalid_request', 'not_found', 'overloaded'),
  },
} as const;

/** GET and HEAD /api/images/:name */
export function getImageRoute(app: HttpApp, context: RouteContext): void {
  const url = paths.api.image;
  const lookups = new Room(lookupRoom);
  // Fastify's own HEAD would read the file and answer with a length of 0.
  const handler = sendImage(context, lookups);
  const thumbnail = sendThumbnail(context, lookups);
  app.get(url, { schema: getSchema, exposeHeadRoute: false }, (request, reply) => {
    const { params, query } = request;
    if (query.w === undefined) return handler(params.name, request, reply);
    return thumbnail(params.name, Number(query.w), reply);
  });
  app.head(url, { schema: hidden(getSchema) }, (request, reply) => handler(request.params.name, request, reply));
}

function sendThumbnail({ services }: RouteContext, lookups: Room) {
  return async (asked: string, width: number, reply: FastifyReply): Promise<FastifyReply> => {
    const [name = ''] = asked.split('.', 1);
    const signal = clientGone(reply);
    const image = await lookups.use(() => services.images.describe(name), { signal });
    requireEnding(image, asked);
    const bytes = await services.thumbnails.of(image, width, signal);
    return reply
      .headers({
        'content-type': 'image/webp',
        'cache-control': cacheControlOf(image),
        'content-length': String(bytes.length),
        'x-content-type-options': 'nosniff',
      })
      .send(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
  };
}

function sendImage(context: RouteContext, lookups: Room) {
  return async (asked: string, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const [name = ''] = asked.split('.', 1);
    const { image, file: stored } = await lookups.use(() => context.services.images.open(name), {
      signal: clientGone(reply),
    });
    let isStreamed = false;
    try {
      requireEnding(image, asked);
      describe(reply, image);
      const part = partFor(request, reply, image, stored.size);
      if (part === 'nothing' || request.method === 'HEAD') return reply.send();
      isStreamed = true;
      if (part === 'all') deleteWhenDelivered(context, request, reply, image);
      return reply.send(part === 'all' ? stored.stream() : stored.stream(part));
    } finally {
      if (!isStreamed) await stored.close();
    }
  };
}

/** The file extension is optional, but must be right. */
function requireEnding(image: ImageRecord, asked: string): void {
  if (asked === image.name || asked === fileNameOf(image)) return;
  throw new DomainError('not_found', `there is no picture ${asked}`, { remedy: `it is ${fileNameOf(image)}` });
}

function describe(reply: FastifyReply, image: OwnedImage): void {
  reply.headers({
    'content-type': mediaTypeOf(image.format),
    'cache-control': cacheControlOf(image),
    etag: etagOf(image),
    'accept-ranges': 'bytes',
    'content-disposition': `inline; filename="${fileNameOf(image)}"`,
    'x-content-type-options': 'nosniff',
    ...(image.device !== null && { [headers.device]: image.device }),
  });
}

/** Pictures are immutable (RFC 8246); browsers must not store those of jobs with `store: false`. */
function cacheControlOf({ isStored }: OwnedImage): string {
  return isStored ? 'private, max-age=31536000, immutable' : 'private, no-store';
}

/** A picture never changes, so its name identifies its version (RFC 9110 §8.8.3). */
function etagOf({ name }: ImageRecord): string {
  return `"${name}"`;
}

/** Evaluates `If-None-Match` and `Range` (RFC 9110 §13.2.2, §14.2), and sets status and headers. @returns the part to send */
function partFor({ headers: sent, method }: FastifyRequest, reply: FastifyReply, image: ImageRecord, size: number) {
  const tags = sent['if-none-match']?.split(',').map((tag) => tag.trim().replace(/^W\//, '')) ?? [];
  if (tags.includes('*') || tags.includes(etagOf(image))) {
    reply.code(304).removeHeader('content-type');
    return 'nothing';
  }
  const isSameVersion = sent['if-range'] === undefined || sent['if-range'] === etagOf(image);
  // Range is defined for GET only.
  const range = isSameVersion && method === 'GET' ? byteRange(sent.range, size) : null;
  if (range === 'unsatisfiable') {
    reply.code(416).header('content-range', `bytes */${size}`).removeHeader('content-type');
    return 'nothing';
  }
  if (range === null) {
    reply.header('content-length', String(size));
    return 'all';
  }
  const { start, end } = range;
  reply
    .code(206)
    .headers({ 'content-range': `bytes ${start}-${end}/${size}`, 'content-length': String(end - start + 1) });
  return range;
}

/** Deletes a picture of a job with `store: false` once a client has received all of it. */
function deleteWhenDelivered(
  { services }: RouteContext,
  request: FastifyRequest,
  reply: FastifyReply,
  { name, jobId, isStored }: OwnedImage,
): void {
  if (isStored) return;
  reply.raw.once('finish', () => {
    void services.images.remove(null, name).catch((error: unknown) => {
      request.log.error({ err: error, jobId }, 'could not delete a picture after it was delivered');
    });
  });
}

const jobOfImageSchema = {
  operationId: 'getImageJob',
  tags: ['images'],
  summary: 'Get the job that made one of your pictures',
  security: needsKey,
  params: imageParamsSchema,
  response: {
    200: jsonReply('The job', jobSchema, callerHeaders),
    ...errorReplies(problems, ...keyErrors, 'invalid_request', 'not_found'),
  },
} as const;

/** GET /api/images/:name/job. To other accounts it answers as for a picture that is not there. */
export function jobOfImageRoute(app: HttpApp, { services, gate, options }: RouteContext): void {
  const route = { schema: jobOfImageSchema, onRequest: gate.key('read') };
  app.get(paths.api.imageJob, route, async (request) => {
    const [name = ''] = request.params.name.split('.', 1);
    const { accountId } = callerOf(request);
    const image = await services.images.describe(name);
    requireEnding(image, request.params.name);
    if (image.accountId !== accountId)
      throw new DomainError('not_found', `there is no picture ${name}, or it is no longer kept`);
    return jobReply(await services.jobs.get(accountId, image.jobId), baseUrl(request, options.publicUrl));
  });
}

const deleteSchema = {
  operationId: 'deleteImage',
  tags: ['images'],
  summary: 'Delete a picture of one of your jobs',
  security: needsKey,
  params: imageParamsSchema,
  response: {
    204: { description: 'Deleted', type: 'null' },
    ...errorReplies(problems, ...keyErrors, 'not_found'),
  },
} as const;

/** DELETE /api/images/:name */
export function deleteImageRoute(app: HttpApp, { services, gate }: RouteContext): void {
  app.delete(paths.api.image, { schema: deleteSchema, onRequest: gate.key('generate') }, async (request, reply) => {
    const [name = ''] = request.params.name.split('.', 1);
    await services.images.remove(callerOf(request).accountId, name);
    return reply.code(204).send();
  });
}

const single = /^bytes=(?<first>\d*)-(?<last>\d*)$/;

/**
 * Parses a header `Range` (RFC 9110 §14.2). Null: there is none, or not a single range of bytes, which may be ignored.
 * `unsatisfiable`: the range is outside the file.
 */
export function byteRange(header: string | undefined, size: number): ByteRange | null | 'unsatisfiable' {
  const parts = single.exec(header?.replaceAll(' ', '') ?? '')?.groups;
  if (!parts || (parts.first === '' && parts.last === '')) return null;
  const first = Number(parts.first);
  const last = Number(parts.last);
  if (parts.first === '') return last === 0 ? 'unsatisfiable' : { start: Math.max(0, size - last), end: size - 1 };
  if (parts.last !== '' && last < first) return null;
  if (first >= size) return 'unsatisfiable';
  return { start: first, end: parts.last === '' ? size - 1 : Math.min(last, size - 1) };
}
