import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** Where connections lead: a port of this machine, or a Unix socket. */
export type Target = { readonly port: number } | { readonly path: string };

/**
 * How a connection behaves: as it is, slow by so many milliseconds for each piece that passes, cut off (connections end, new ones too), or
 * silent (nothing passes, as in a network that drops packets).
 */
export type Condition = 'whole' | 'cut' | 'silent' | { readonly delayMs: number };

/** A network between two programs that a test can disturb. */
export class TcpProxy {
  readonly #server: Server;
  readonly #target: Target;
  readonly #sockets = new Set<Socket>();
  #condition: Condition = 'whole';

  private constructor(target: Target) {
    this.#target = target;
    this.#server = createServer((socket) => this.#join(socket));
  }

  static async listen(target: Target, host = '127.0.0.1'): Promise<TcpProxy> {
    const proxy = new TcpProxy(target);
    proxy.#server.listen(0, host);
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
    return address.port;
  }

  set condition(condition: Condition) {
    this.#condition = condition;
    if (condition === 'cut') for (const socket of this.#sockets) socket.destroy();
    // What was held back while it was silent goes on.
    for (const socket of this.#sockets) if (condition !== 'silent') socket.resume();
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #join(near: Socket): void {
    if (this.#condition === 'cut') {
      near.destroy();
      return;
    }
    const far = connect('path' in this.#target ? this.#target : { ...this.#target, host: '127.0.0.1' });
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(from);
      from.on('data', (piece) => this.#pass(piece, from, to));
      from.on('end', () => to.end());
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
    }
  }

  #pass(piece: Buffer, from: Socket, to: Socket): void {
    if (this.#condition === 'silent') {
      from.pause();
      from.unshift(piece);
      return;
    }
    const forward = () => {
      if (!to.destroyed) to.write(piece);
    };
    if (typeof this.#condition !== 'object') {
      forward();
      return;
    }
    from.pause();
    setTimeout(() => {
      forward();
      if (this.#condition !== 'silent') from.resume();
    }, this.#condition.delayMs);
  }
}
