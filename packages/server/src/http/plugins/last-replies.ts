import type { Socket } from 'node:net';
import type { HttpApp } from '../http-app.ts';
import type { HttpOptions } from '../options.ts';

/**
 * Replies that are given while the process ends also end their connection (RFC 9112 §9.6): a client that kept it open for its next
 * request would keep the server from closing. So would one that has opened a connection and asked for nothing on it yet, as clients do
 * to be faster later; Node.js does not count those as idle, and they are ended once no reply is owed any more.
 */
export function endConnections(app: HttpApp, { stopping, drained }: Pick<HttpOptions, 'stopping' | 'drained'>): void {
  app.addHook('onSend', async (_request, reply) => {
    if (stopping?.aborted) reply.header('connection', 'close');
  });
  /** How many replies are owed on each connection. */
  const owed = new Map<Socket, number>();
  const change = (socket: Socket, by: number) => {
    const count = owed.get(socket);
    if (count === undefined) return;
    owed.set(socket, count + by);
    if (drained?.aborted && count + by === 0) socket.destroySoon();
  };
  app.server.on('connection', (socket) => {
    owed.set(socket, 0);
    socket.once('close', () => owed.delete(socket));
  });
  app.server.on('request', ({ socket }, reply) => {
    change(socket, 1);
    reply.once('close', () => change(socket, -1));
  });
  drained?.addEventListener('abort', () => {
    for (const [socket, count] of owed) if (count === 0) socket.destroySoon();
  });
}
