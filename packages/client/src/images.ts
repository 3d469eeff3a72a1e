import { paths } from './paths.ts';
import type { CallOptions, Transport } from './transport.ts';

export interface Picture {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** `image/jpeg`, `image/png` or `image/webp`. */
  readonly contentType: string;
}

/** Picture files. Who knows a picture's name may see it; only its owner may delete it. */
export class Images {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** The file, byte for byte. @param name `id` of a job's image, with or without the ending */
  async get(name: string, { signal }: CallOptions = {}): Promise<Picture> {
    const reply = await this.#transport.send(paths.image, { parts: { name }, signal });
    const contentType = reply.headers.get('content-type') ?? 'application/octet-stream';
    return { bytes: new Uint8Array(await reply.arrayBuffer()), contentType };
  }

  async delete(name: string, { signal }: CallOptions = {}): Promise<void> {
    const reply = await this.#transport.send(paths.image, { method: 'DELETE', parts: { name }, signal });
    await reply.body?.cancel();
  }
}
