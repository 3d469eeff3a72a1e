import type { StyleList, StylePut, StyleReply } from '@easel/contract';
import { paths } from './address.ts';
import type { CallOptions } from './call.ts';
import type { Transport } from './transport.ts';

/** The styles that requests may name: Easel's own, and those that the key's account has saved. */
export class Styles {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  list({ signal }: CallOptions = {}): Promise<StyleList> {
    return this.#transport.json(paths.styles, { signal });
  }

  /** Saves a style of the account; one of the same name is replaced. */
  save(name: string, body: StylePut, { signal }: CallOptions = {}): Promise<StyleReply> {
    return this.#transport.json(paths.style, { method: 'PUT', parts: { name }, body, signal });
  }

  /** Deletes a style of the account. */
  async remove(name: string, { signal }: CallOptions = {}): Promise<void> {
    const reply = await this.#transport.send(paths.style, { method: 'DELETE', parts: { name }, signal });
    await reply.body?.cancel();
  }
}
