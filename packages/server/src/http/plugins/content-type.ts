import { fixedMessages } from '@easel/contract';
import type { FastifyRequest } from 'fastify';
import { DomainError } from '../../domain-error.ts';
import { bodyTooLarge, encodingOf } from '../bodies/receive-body.ts';

export type BodyType = 'application/json' | 'multipart/form-data';

const utf8: readonly string[] = ['utf-8', 'utf8', 'us-ascii'];

/**
 * What the headers say of the body, before a byte of it is read.
 *
 * @throws DomainError `invalid_content_type` when it is of none of these types, or says nothing of it; `invalid_request` for text that
 *   is not UTF-8; `unsupported_encoding`; `body_too_large`
 */
export function requireBody(request: FastifyRequest, allowed: readonly BodyType[]): void {
  const { headers, routeOptions } = request;
  const sent = headers['content-type'] ?? '';
  const mediaType = (sent.split(';', 1)[0] ?? '').trim().toLowerCase();
  if (!allowed.some((type) => type === mediaType)) {
    throw new DomainError('invalid_content_type', fixedMessages.invalidContentType, { param: 'Content-Type' });
  }
  requireUtf8(sent);
  encodingOf(headers['content-encoding']);
  const { bodyLimit = Number.POSITIVE_INFINITY } = routeOptions;
  if (Number(headers['content-length'] ?? 0) > bodyLimit) throw bodyTooLarge(bodyLimit);
}

function requireUtf8(contentType: string): void {
  const charset = /;\s*charset\s*=\s*"?(?<name>[^";\s]*)/i.exec(contentType)?.groups?.name;
  if (charset === undefined || utf8.includes(charset.toLowerCase())) return;
  throw new DomainError('invalid_request', `the body must be UTF-8 (got charset=${charset.slice(0, 60)})`, {
    param: 'Content-Type',
  });
}
