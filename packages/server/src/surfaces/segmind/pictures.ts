import { headers, type SegmindBase64Reply } from '@easel/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RouteContext } from '../../http/http-app.ts';
import { baseUrl } from '../../http/requests/base-url.ts';
import { picturesGone } from '../../http/requests/end-of-job.ts';
import type { JobView } from '../../jobs/job-queries.ts';
import { imageUrl, mediaTypeOf } from '../../pictures/image-file.ts';

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
