import { isUtf8 } from 'node:buffer';
import type { FastifyRequest } from 'fastify';
import { DomainError } from '../domain-error.ts';
import type { HttpApp } from './http-app.ts';
import type { Surface } from './surface.ts';

/**
 * An address as the routes know it: of one that was put together from parts, doubled slashes and one at the end are not meant; bytes
 * beyond ASCII, which some clients send as they are, become percent-encoded (RFC 3986 §2.1).
 *
 * @param aliases see `Surface`
 * @example
 * plainUrl('//v1/images/generations/?q=1', []); // '/v1/images/generations?q=1'
 */
export function plainUrl(url: string, aliases: NonNullable<Surface['aliases']>): string {
  const sent = url.replace(/^https?:\/\/[^/?#]*/i, ''); // RFC 9112 §3.2.2
  if (!sent.startsWith('/')) return sent.startsWith('?') ? `/${encoded(sent)}` : url;
  const query = sent.includes('?') ? sent.slice(sent.indexOf('?')) : '';
  const path = sent.slice(0, sent.length - query.length).replaceAll(/\/{2,}/g, '/');
  // The files of the API page are named relative to its folder.
  const short = path.startsWith('/docs') ? path : path.replace(/(?<=.)\/$/, '');
  return encoded(aliases.reduce((known, [sort, meant]) => known.replace(sort, meant), short) + query);
}

/** Node.js gives each byte of the request line as one character. */
function encoded(url: string): string {
  return url.replaceAll(/[\u0080-\uFFFF]+/g, (bytes) =>
    Array.from(Buffer.from(bytes, 'latin1'), (each) => `%${each.toString(16).padStart(2, '0')}`).join(''),
  );
}

/** Queries are UTF-8 like everything else; the path is checked by the router. */
export function requireUtf8Queries(app: HttpApp): void {
  app.addHook('onRequest', async ({ url }) => {
    const query = url.slice(url.indexOf('?') + 1);
    for (const [bytes] of query.matchAll(/(?:%[0-9a-f]{2})+/gi)) {
      if (isUtf8(Buffer.from(bytes.replaceAll('%', ''), 'hex'))) continue;
      throw new DomainError('invalid_request', `the query must be percent-encoded UTF-8 (got ${bytes.slice(0, 60)})`);
    }
  });
}

/**
 * A request is for one host: with two of them, or another one in its address, whoever stands before this server may have looked at
 * the other (RFC 9112 §3.2).
 */
export function requireOneHost(app: HttpApp): void {
  app.addHook('onRequest', async ({ raw, originalUrl, headers: { host = '' } }) => {
    const hosts = raw.rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'host');
    const named = /^https?:\/\/([^/?#]*)/i.exec(originalUrl)?.[1] ?? host;
    if (hosts.length <= 1 && named.toLowerCase() === host.toLowerCase()) return;
    throw new DomainError('invalid_request', 'a request must name one host', { param: 'Host' });
  });
}

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
