import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { HttpApp, HttpOptions } from './surface.ts';
import { whenClosed } from './when-closed.ts';

/** Far more than a page, an application or a proxy opens, and few enough for the memory they need. */
const defaults = { total: 4096, perAddress: 1024 } as const;

/**
 * Limits the connections that are open at the same time, in all and per address. With trusted proxies there is no limit per address: a
 * proxy stands for many clients and limits them itself.
 */
export function limitConnections(
  app: HttpApp,
  { connections = defaults, trustedProxies = [] }: Pick<HttpOptions, 'connections' | 'trustedProxies'>,
): void {
  app.server.maxConnections = connections.total;
  if (trustedProxies.length > 0) return;
  const open = new Map<string, number>();
  app.server.on('connection', (socket) => {
    const address = socket.remoteAddress ?? '';
    const count = (open.get(address) ?? 0) + 1;
    open.set(address, count);
    socket.once('close', () => {
      const left = (open.get(address) ?? 1) - 1;
      if (left === 0) open.delete(address);
      else open.set(address, left);
    });
    if (count > connections.perAddress) socket.destroy();
  });
}

/** How long a client may read nothing of its reply. */
const STALLED_MS = 120_000;
const LOOKS = 4;

/** Closes connections whose client has stopped reading a reply. Connections on which nothing is waiting to be sent may be idle. */
export function endStalledConnections(app: HttpApp, { stalledMs = STALLED_MS }: Pick<HttpOptions, 'stalledMs'>): void {
  const open = new Map<Socket, { readonly mark: string; readonly looks: number }>();
  app.server.on('connection', (socket) => {
    open.set(socket, { mark: '', looks: 0 });
    socket.once('close', () => open.delete(socket));
  });
  const look = () => {
    for (const [socket, before] of open) {
      const mark = `${socket.bytesWritten} ${socket.writableLength}`;
      const isStalled = socket.writableLength > 0 && mark === before.mark;
      const looks = isStalled ? before.looks + 1 : 0;
      if (looks >= LOOKS) socket.destroy();
      else open.set(socket, { mark, looks });
    }
  };
  const timer = setInterval(look, stalledMs / LOOKS).unref();
  app.addHook('onClose', async () => clearInterval(timer));
}

/**
 * Handles pipelined requests (RFC 9112 §9.3.2) one after another, in the order of their replies: otherwise a few connections could run
 * thousands of requests at the same time. It must be the first of all hooks.
 */
export function answerInOrder(app: HttpApp): void {
  const replies = new WeakMap<Socket, Promise<void>>();
  app.addHook('onRequest', async ({ raw: { socket } }, reply) => {
    const before = replies.get(socket);
    replies.set(socket, new Promise((resolve) => whenClosed(reply.raw, resolve)));
    await before;
    if (socket.destroyed) reply.hijack(); // the client is gone
  });
}

/**
 * Closes connections while the server shuts down, so that keep-alive does not hold up the shutdown: replies are sent with
 * `Connection: close` (RFC 9112 §9.6), and once no more jobs end here, connections without a pending reply are closed. Those include
 * preconnected ones without any request, which Node.js does not count as idle.
 */
export function closeConnectionsAtShutdown(
  app: HttpApp,
  { stopping, drained }: Pick<HttpOptions, 'stopping' | 'drained'>,
): void {
  app.addHook('onSend', async (_request, reply) => {
    if (stopping?.aborted) reply.header('connection', 'close');
  });
  /** Pending replies by connection. */
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
    whenClosed(reply, () => change(socket, -1));
  });
  drained?.addEventListener('abort', () => {
    for (const [socket, count] of owed) if (count === 0) socket.destroySoon();
  });
}

/** The requests that have no whole reply yet. To be made before the server listens. */
export class PendingReplies {
  #count = 0;
  readonly #none: (() => void)[] = [];

  constructor(server: Server) {
    server.on('request', (_request, reply) => {
      this.#count += 1;
      whenClosed(reply, () => {
        this.#count -= 1;
        if (this.#count === 0) for (const resolve of this.#none.splice(0)) resolve();
      });
    });
  }

  /** Resolves when there are none. */
  async whenNone(): Promise<void> {
    if (this.#count > 0) await new Promise<void>((resolve) => this.#none.push(resolve));
  }
}

/** Time for a client that is still sending to receive the reply and stop. */
const LINGER_MS = 2000;

/**
 * Handles replies that are sent before the body has arrived, for example when there is no key. The rest of the body is read and dropped for
 * a moment, then the connection is closed: closed at once, many clients would lose the reply (RFC 9112 §9.6); left open, anybody could
 * hold connections by announcing bodies.
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
