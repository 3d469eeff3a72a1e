import type { FilledRequest } from '@easel/contract';
import { hasCode } from '@easel/errors';
import { DomainError } from '../domain-error.ts';
import { newImageName } from '../ids.ts';
import type { ImageStore } from './image-store.ts';
import { type StorageWatch, storageAway } from './storage-watch.ts';

const NAME = /^[0-9a-f]{32}$/;

/** A job, as far as its start picture goes. */
interface Started {
  readonly request: Pick<FilledRequest, 'image' | 'mask'>;
}

/** What a job starts from. */
export interface StartFiles {
  readonly image: Uint8Array;
  /** Null: all of it may change. */
  readonly mask: Uint8Array | null;
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
   * @returns the names that the job's request is to have
   * @throws DomainError `overloaded` while pictures cannot be stored
   */
  async keep({ image, mask }: StartFiles): Promise<Started['request']> {
    const kept = { image: await this.#keep(image), mask: null };
    if (mask === null) return kept;
    try {
      return { ...kept, mask: await this.#keep(mask) };
    } catch (error) {
      await this.removeOf({ request: kept });
      throw error;
    }
  }

  async #keep(bytes: Uint8Array): Promise<string> {
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
  async of({ request: { image, mask = null } }: Started): Promise<StartFiles | null> {
    if (image === null) return null;
    // The release before wrote the picture itself into the row, in base64.
    if (!NAME.test(image)) return { image: Buffer.from(image, 'base64'), mask: null };
    return {
      image: await this.#read(image, 'start image'),
      mask: mask === null ? null : await this.#read(mask, 'mask'),
    };
  }

  async #read(name: string, what: string): Promise<Uint8Array> {
    const bytes = await this.#store.read(name, 'start');
    if (bytes !== null) return bytes;
    await this.#store.check(0); // it is not gone when the whole store is
    throw new DomainError('server_error', `the ${what} is no longer stored; nothing was charged`, {
      remedy: 'send it again',
    });
  }

  /** Of a job that has ended. One that cannot be removed now is left to the janitor. */
  async removeOf({ request: { image, mask = null } }: Started): Promise<void> {
    for (const name of [image, mask])
      if (name !== null && NAME.test(name)) await this.#store.remove(name, 'start').catch(() => {});
  }
}
