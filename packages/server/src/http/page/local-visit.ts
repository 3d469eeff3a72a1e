/** What of a request says where it comes from. */
export interface Visit {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly remoteAddress: string | undefined;
}

/** Names that a browser resolves to this machine by itself (RFC 6761 §6.3), or addresses of it (RFC 6890). */
const loopbackHost = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i;

/** What proxies add: then the request comes from somewhere else, whatever the address says (RFC 7239; RFC 9110 §7.6.3). */
const traces = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip', 'via'];

/**
 * Whether a request was made on this machine to this machine. The name in `Host` matters because another site's name can be made to
 * lead here (DNS rebinding).
 */
export function isLocalVisit({ headers, remoteAddress = '' }: Visit): boolean {
  if (!isLoopbackAddress(remoteAddress)) return false;
  return loopbackHost.test(String(headers.host)) && traces.every((name) => headers[name] === undefined);
}

function isLoopbackAddress(address: string): boolean {
  return address === '::1' || address.startsWith('127.') || address.startsWith('::ffff:127.');
}

/**
 * Whether the page itself sent a request, and no other page in the same browser. Browsers tell by `Sec-Fetch-Site` (Fetch Metadata)
 * or, where they do not, by `Origin` (RFC 6454 §7).
 */
export function isSentByPage({ headers }: Pick<Visit, 'headers'>): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin' || site === 'none';
  return headers.origin === undefined || headers.origin === `http://${String(headers.host)}`;
}
