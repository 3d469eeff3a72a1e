import type { FastifyRequest } from 'fastify';
import { DomainError } from '../../domain-error.ts';
import type { RouteContext } from '../http-app.ts';
import { baseUrl } from './base-url.ts';

/** RFC 2397; what it says of the type does not matter, the file itself tells. */
const dataUrl = /^data:[^;,]{0,200}(?:;[^;,]{0,200}){0,9}?;base64,/i;
/** In lines or with blanks too, as many tools write it. */
const base64 = /^[\sA-Za-z0-9+/_-]*[A-Za-z0-9+/_-]\s*(?:=\s*){0,2}$/;
const ownPath = /^\/api\/images\/(?<name>[0-9a-f]{32})(?:\.(?:jpg|png|webp))?$/;

const allowed = 'base64, a data URL (data:image/png;base64,…), an uploaded file or the URL of a picture made here';

/**
 * The file of the picture to start from; it is not yet known whether it can be read.
 *
 * @throws DomainError `invalid_request` for anything else, `not_found` for a picture that is no longer kept
 */
export async function inputImage(
  { services, options }: Pick<RouteContext, 'services' | 'options'>,
  request: FastifyRequest,
  image: string | undefined,
): Promise<Uint8Array | null> {
  if (image === undefined) return null;
  const name = nameOfOwn(image, () => baseUrl(request, options.publicUrl));
  return name === undefined ? decoded(image) : services.images.read(name);
}

/** The name of a picture of ours that a URL or its path leads to. */
function nameOfOwn(image: string, base: () => string): string | undefined {
  if (!/^https?:/i.test(image)) return ownPath.exec(image)?.groups?.name;
  const path = image.startsWith(`${base()}/`) ? image.slice(base().length) : '';
  return ownPath.exec(path)?.groups?.name ?? refuse('the URL of something else');
}

function decoded(image: string): Uint8Array {
  const text = image.replace(dataUrl, '');
  if (!base64.test(text)) refuse('a text that is none of these');
  return Buffer.from(text, 'base64');
}

function refuse(got: string): never {
  throw new DomainError('invalid_request', `image must be ${allowed} (got ${got})`, { param: 'image' });
}
