import type { IncomingMessage } from 'node:http';
import type { HttpApp } from '../http-app.ts';

/** For a client that is still sending to see the reply, and to end or stop. */
const LINGER_MS = 2000;

/**
 * A reply may be given before the whole body has come, as when there is no key. What is left of the body is read and dropped for a
 * moment, then its connection is ended: closed at once, many clients would lose the reply (RFC 9112 §9.6); kept, anybody could hold
 * connections by promising bodies.
 */
export function dropUnreadBodies(app: HttpApp): void {
  app.addHook('onSend', async ({ raw }, reply) => {
    if (!raw.complete) reply.removeHeader('connection'); // Node.js would close it at once
  });
  app.server.on('request', (request, reply) => {
    reply.once('finish', () => {
      if (!request.complete) endSoon(request);
    });
  });
}

function endSoon(request: IncomingMessage): void {
  request.resume();
  const end = setTimeout(() => {
    if (!request.complete) request.socket.destroy();
  }, LINGER_MS);
  request.once('close', () => clearTimeout(end));
}
