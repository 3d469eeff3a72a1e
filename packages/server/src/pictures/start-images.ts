import type { FilledRequest } from '@easel/contract';
import { hasCode } from '@easel/errors';
import { DomainError } from '../domain-error.ts';
import { newImageName } from '../ids.ts';
import type { ImageStore } from './image-store.ts';
import { type StorageWatch, storageAway } from './storage-watch.ts';

const NAME = /^[0-9a-f]{32}$/;

/** A job, as far as its start picture goes. */
interface Started {
  readonly request: Pick<FilledRequest, 'image'>;
}

/**
 * The pictures that waiting jobs start from. They are files of the image store, so that no query ever reads them, under secret names;
 * a job's request has only the name. They are removed when their job ends, or by the janitor if the process dies before that.
 */
export class StartImages {
  readonly #store: ImageStore;
  readonly #storage: StorageWatch;

  constructor({ store, storage }: { readonly store: ImageStore; readonly storage: StorageWatch }) {
    this.#store = store;
    this.#storage = storage;
  }

  /**
   * Durable when it resolves.
   *
   * @returns the name that the job's request is to have
   * @throws DomainError `overloaded` while pictures cannot be stored
   */
  async keep(bytes: Uint8Array): Promise<string> {
    const name = newImageName();
    try {
      await this.#store.put(name, 'start', bytes);
    } catch (error) {
      if (!hasCode(error, 'storage_unavailable')) throw error;
      this.#storage.note(error);
      throw storageAway('this server cannot store pictures at the moment; nothing was charged', error);
    }
    return name;
  }

  /** @throws DomainError `server_error` when it is gone, which another attempt would not change; CodedError `storage_unavailable` */
  async of({ request: { image } }: Started): Promise<Uint8Array | null> {
    if (image === null) return null;
    // The release before wrote the picture itself into the row, in base64.
    if (!NAME.test(image)) return Buffer.from(image, 'base64');
    const bytes = await this.#store.read(image, 'start');
    if (bytes !== null) return bytes;
    await this.#store.check(0); // it is not gone when the whole store is
    throw new DomainError('server_error', 'the start image is no longer stored; nothing was charged', {
      remedy: 'send it again',
    });
  }

  /** Of a job that has ended. One that cannot be removed now is left to the janitor. */
  async removeOf({ request: { image } }: Started): Promise<void> {
    if (image !== null && NAME.test(image)) await this.#store.remove(image, 'start').catch(() => {});
  }
}
