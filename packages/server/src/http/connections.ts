import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { HttpApp, HttpOptions } from './http-app.ts';

/** Far more than a page, an application or a proxy opens, and few enough for the memory that they take. */
const defaults = { total: 4096, perAddress: 1024 } as const;

/**
 * Connections at the same time, of all and of one address. Proxies that are trusted stand for many clients and count their connections
 * themselves.
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

/** Replies are read at some pace, or their connections are ended: reading nothing would hold them for as long as somebody likes. */
const STALLED_MS = 120_000;
const LOOKS = 4;

/** Ends connections on which something is to be sent and nothing has been taken for long. That nothing is sent for long is no fault. */
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
 * Requests that came on one connection without waiting for replies (RFC 9112 §9.3.2) are handled one after another, as they have to be
 * answered: otherwise a few connections could ask for thousands of things at the same time. The first of all hooks.
 */
export function answerInTurn(app: HttpApp): void {
  const replies = new WeakMap<Socket, Promise<void>>();
  app.addHook('onRequest', async ({ raw: { socket } }, reply) => {
    const before = replies.get(socket);
    replies.set(socket, new Promise((resolve) => void reply.raw.once('close', resolve)));
    await before;
    if (socket.destroyed) reply.hijack(); // nobody is there to be answered
  });
}

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
