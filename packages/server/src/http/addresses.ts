import { isUtf8 } from 'node:buffer';
import { DomainError } from '../domain-error.ts';
import type { HttpApp, Surface } from './surface.ts';

/**
 * Normalizes the URL of a request for the router: duplicate and trailing slashes, which come from joining parts of a URL, are removed;
 * bytes beyond ASCII, which some clients send unencoded, are percent-encoded (RFC 3986 §2.1).
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
  // The API page refers to its files by relative URLs.
  const short = path.startsWith('/docs') ? path : path.replace(/(?<=.)\/$/, '');
  return encoded(aliases.reduce((known, [sort, meant]) => known.replace(sort, meant), short) + query);
}

/** Node.js decodes each byte of the request line as one character. */
function encoded(url: string): string {
  return url.replaceAll(/[\u0080-\uFFFF]+/g, (bytes) =>
    Array.from(Buffer.from(bytes, 'latin1'), (each) => `%${each.toString(16).padStart(2, '0')}`).join(''),
  );
}

/** Refuses queries that are not UTF-8; the router checks the path. */
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
 * Refuses requests with several Host headers, or with another host in the URL: a proxy in front of this server may have used the other
 * one (RFC 9112 §3.2).
 */
export function requireOneHost(app: HttpApp): void {
  app.addHook('onRequest', async ({ raw, originalUrl, headers: { host = '' } }) => {
    const hosts = raw.rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'host');
    const named = /^https?:\/\/([^/?#]*)/i.exec(originalUrl)?.[1] ?? host;
    if (hosts.length <= 1 && named.toLowerCase() === host.toLowerCase()) return;
    throw new DomainError('invalid_request', 'a request must name one host', { param: 'Host' });
  });
}
