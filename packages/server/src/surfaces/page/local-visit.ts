/** What of a request says where it comes from. */
export interface Visit {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly remoteAddress: string | undefined;
  readonly httpVersion: string;
}

/** Names that a browser resolves to this machine by itself (RFC 6761 §6.3), or addresses of it (RFC 6890). */
const loopbackHost = /^(?:localhost|127(?:\.(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}|\[::1\])(?::\d{1,5})?$/i;

/**
 * What proxies and tunnels add: then the request comes from somewhere else, whatever the address says (RFC 7239; RFC 9110 §7.6.3;
 * the rest is custom).
 */
const trace =
  /^(?:via|forwarded|forwarded-for|x-forwarded.*|x-original-.*|x-proxy.*|x-envoy-.*|cf-.*|cdn-loop|.*(?:client|real)-ip)$/;

/**
 * Whether a request was made on this machine to this machine. The name in `Host` matters because another site's name can be made to
 * lead here (DNS rebinding).
 */
export function isLocalVisit({ headers, remoteAddress = '', httpVersion }: Visit): boolean {
  // Every browser speaks HTTP/1.1; a proxy with nothing configured may ask by HTTP/1.0 and add no header that gives it away.
  if (!isLoopbackAddress(remoteAddress) || httpVersion === '1.0') return false;
  return loopbackHost.test(String(headers.host)) && !Object.keys(headers).some((name) => trace.test(name));
}

function isLoopbackAddress(address: string): boolean {
  return address === '::1' || address.startsWith('127.') || address.startsWith('::ffff:127.');
}

/**
 * Whether the page itself sent a request, or the person by the address bar, and no other page in the same browser and no other program.
 * Browsers say so in `Sec-Fetch-Site` (Fetch Metadata), which scripts cannot set, for every request to this machine's own names; what
 * lacks it was not sent by a browser. `Origin` (RFC 6454 §7) and `Referer`, which the page's policy has sent along to its own server, give
 * away a proxy that asks for this machine in its own name: then the page has another origin than the Host that is asked for.
 */
export function isSentByPage({ headers }: Pick<Visit, 'headers'>): boolean {
  const site = headers['sec-fetch-site'];
  const isFromPerson = site === 'none' && headers['sec-fetch-mode'] === 'navigate';
  if (site !== 'same-origin' && !isFromPerson) return false;
  const own = `http://${String(headers.host)}`;
  if (headers.origin !== undefined && headers.origin !== own) return false;
  return headers.referer === undefined || String(headers.referer).startsWith(`${own}/`);
}
