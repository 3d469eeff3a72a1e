import { fixedMessages } from '@easel/contract';
import type { FastifyRequest } from 'fastify';
import { DomainError } from '../../domain/domain-error.ts';

export type BodyType = 'application/json' | 'multipart/form-data';

/** @throws DomainError `invalid_content_type` when the body is of none of these types, or says nothing of it */
export function requireContentType(request: FastifyRequest, allowed: readonly BodyType[]): void {
  const sent = (request.headers['content-type'] ?? '').split(';', 1)[0] ?? '';
  const mediaType = sent.trim().toLowerCase();
  if (!allowed.some((type) => type === mediaType)) {
    throw new DomainError('invalid_content_type', fixedMessages.invalidContentType, { param: 'Content-Type' });
  }
}
