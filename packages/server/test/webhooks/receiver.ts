import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import type { Certificate } from './certificates.ts';

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Receiver {
  readonly url: string;
  /** In the order in which they came. */
  readonly received: readonly Received[];
  /** Resolves when so many have come in all. */
  count(expected: number): Promise<void>;
}

/** A customer's server, until the test is over. @param answer absent: 204 @param certificate of a server of https:// */
export async function startReceiver(
  answer: (response: ServerResponse, received: Received) => unknown = (response) => response.writeHead(204).end(),
  certificate?: Certificate,
): Promise<Receiver> {
  const received: Received[] = [];
  let onMore = () => {};
  const handle: RequestListener = async (request, response) => {
    const { url: path = '', headers } = request;
    const got = { path, headers, body: await text(request) };
    received.push(got);
    onMore();
    answer(response, got);
  };
  const listener: RequestListener = (request, response) => void handle(request, response);
  const server = certificate === undefined ? createServer(listener) : createTlsServer(certificate, listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the receiver has no port');
  return {
    url: certificate === undefined ? `http://127.0.0.1:${address.port}/hook` : `https://localhost:${address.port}/hook`,
    received,
    async count(expected) {
      while (received.length < expected) {
        const { promise, resolve } = Promise.withResolvers<void>();
        onMore = resolve;
        await promise;
      }
    },
  };
}
