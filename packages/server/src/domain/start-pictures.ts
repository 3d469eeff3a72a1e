import { DomainError } from './domain-error.ts';
import { newImageName } from './ids.ts';
import type { ImageStore } from './ports/image-store.ts';
import type { JobRecord } from './ports/jobs.ts';

const NAME = /^[0-9a-f]{32}$/;

/**
 * The pictures that waiting jobs start from. They are files of the image store, so that no query ever reads them, under names
 * that nobody learns; a job's request has only the name. They go when their job ends. Should a process die before that, nobody
 * knows them any more, and the janitor removes them.
 */
export class StartPictures {
  readonly #store: ImageStore;

  constructor(store: ImageStore) {
    this.#store = store;
  }

  /** Durable when it resolves. @returns the name that the job's request is to have */
  async keep(bytes: Uint8Array): Promise<string> {
    const name = newImageName();
    await this.#store.put(name, 'start', bytes);
    return name;
  }

  /** @throws DomainError `server_error` when it is gone, which another attempt would not change */
  async of({ request: { image } }: Pick<JobRecord, 'request'>): Promise<Uint8Array | null> {
    if (image === null) return null;
    // The release before wrote the picture itself into the row, in base64.
    if (!NAME.test(image)) return Buffer.from(image, 'base64');
    const bytes = await this.#store.read(image, 'start');
    if (bytes !== null) return bytes;
    throw new DomainError(
      'server_error',
      'the picture to start from is no longer in the image store; nothing was charged; send it again',
    );
  }

  /** Of a job that has ended. One that cannot be removed now is left to the janitor. */
  async removeOf({ request: { image } }: Pick<JobRecord, 'request'>): Promise<void> {
    if (image !== null && NAME.test(image)) await this.#store.remove(image, 'start').catch(() => false);
  }
}
