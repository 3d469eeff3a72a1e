import type { ImportCreate, Job } from '@easel/contract';
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

  /** The job that made one of your pictures. */
  job(name: string, { signal }: CallOptions = {}): Promise<Job> {
    return this.#transport.json(paths.imageJob, { parts: { name }, signal });
  }

  async delete(name: string, { signal }: CallOptions = {}): Promise<void> {
    const reply = await this.#transport.send(paths.image, { method: 'DELETE', parts: { name }, signal });
    await reply.body?.cancel();
  }

  /** A ZIP file of pictures of one's own, at most 1,000, with `metadata.json`. The body of the reply is the file, which may be large. */
  archive(names: readonly string[], { signal }: CallOptions = {}): Promise<Response> {
    return this.#transport.send(paths.archive, { method: 'POST', body: { images: names }, signal });
  }

  /**
   * Imports a PNG, JPEG or WebP file, with the settings that it contains, as a job that has succeeded. It costs nothing.
   *
   * @throws EaselError `conflict` if the account has this very file already
   */
  import(body: ImportCreate, { signal }: CallOptions = {}): Promise<Job> {
    return this.#transport.json(paths.imports, { method: 'POST', body, signal });
  }
}

async function pictureOf(reply: Response): Promise<Picture> {
  const contentType = reply.headers.get('content-type') ?? 'application/octet-stream';
  return { bytes: new Uint8Array(await reply.arrayBuffer()), contentType };
}
