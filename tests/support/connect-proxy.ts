import { createServer } from 'node:http';
import { connect } from 'node:net';
import { listen } from './listening-server.ts';

export interface ConnectProxy {
  readonly url: string;
  /** `host:port` of every tunnel that was asked for, in order. */
  readonly targets: string[];
  /** What each request gave as its right to use the proxy. */
  readonly authorizations: (string | undefined)[];
}

/**
 * A proxy that opens tunnels (RFC 9110, section 9.3.6), until the test is over.
 *
 * @param login `user:password` that it asks for; absent: nothing
 */
export async function startProxy(login?: string): Promise<ConnectProxy> {
  const [targets, authorizations]: [string[], (string | undefined)[]] = [[], []];
  const wanted = login === undefined ? undefined : `Basic ${Buffer.from(login).toString('base64')}`;
  const server = createServer((_request, reply) => reply.writeHead(405).end());
  server.on('connect', ({ url = '', headers }, socket) => {
    const given = headers['proxy-authorization'];
    targets.push(url);
    authorizations.push(given);
    if (wanted !== undefined && given !== wanted) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    const { hostname, port } = new URL(`http://${url}`);
    const target = connect(Number(port), hostname, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      target.pipe(socket).pipe(target);
    });
    for (const end of [target, socket]) end.on('error', () => void [target.destroy(), socket.destroy()]);
  });
  return { url: await listen(server), targets, authorizations };
}
