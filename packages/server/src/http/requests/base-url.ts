import type { FastifyRequest } from 'fastify';
import { DomainError } from '../../domain-error.ts';

/** A host name or address with or without a port (RFC 3986 §3.2.2), and nothing that could end the URL it becomes part of. */
const host = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;

/**
 * How the client reaches this server, without a slash at the end: the configured URL, or what the request was sent to.
 *
 * @throws DomainError `invalid_request` when a URL is needed and the header Host cannot be part of one
 */
export function baseUrl(request: FastifyRequest, publicUrl: string | null): string {
  if (publicUrl !== null) return publicUrl.replace(/\/+$/, '');
  if (!host.test(request.host)) {
    throw new DomainError('invalid_request', 'the header Host must be the name of this server', { param: 'Host' });
  }
  // A proxy that is believed may still pass on what its client made up.
  return `${request.protocol === 'https' ? 'https' : 'http'}://${request.host}`;
}
