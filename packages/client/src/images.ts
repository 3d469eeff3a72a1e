import { paths } from './address.ts';
import type { CallOptions } from './call.ts';
import type { Transport } from './transport.ts';

export interface Picture {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** `image/jpeg`, `image/png` or `image/webp`. */
  readonly contentType: string;
}

/** Picture files. Anyone who knows the name of a picture can see it; only its owner can delete it. */
export class Images {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** The file, byte for byte. @param name the `id` of a job's image, with or without the file extension */
  get(name: string, { signal }: CallOptions = {}): Promise<Picture> {
    return this.#transport.receive(paths.image, { parts: { name }, signal }, pictureOf);
  }

  async delete(name: string, { signal }: CallOptions = {}): Promise<void> {
    const reply = await this.#transport.send(paths.image, { method: 'DELETE', parts: { name }, signal });
    await reply.body?.cancel();
  }
}

async function pictureOf(reply: Response): Promise<Picture> {
  const contentType = reply.headers.get('content-type') ?? 'application/octet-stream';
  return { bytes: new Uint8Array(await reply.arrayBuffer()), contentType };
}
