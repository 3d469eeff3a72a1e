import type { ServerResponse } from 'node:http';

const closings = new WeakMap<ServerResponse, (() => void)[]>();

/**
 * Calls back when the connection is done with a reply, whether or not all of it was sent; at once where it is already. With one listener for
 * all who ask: a reply with a start image has more of them than Node.js takes for a leak.
 */
export function whenClosed(reply: ServerResponse, callback: () => void): void {
  if (reply.closed) {
    callback();
    return;
  }
  const known = closings.get(reply);
  if (known !== undefined) {
    known.push(callback);
    return;
  }
  const callbacks = [callback];
  closings.set(reply, callbacks);
  reply.once('close', () => {
    for (const each of callbacks) each();
  });
}
