import { DomainError } from './domain-error.ts';
import type { Clock } from './ports/clock.ts';
import type { Database } from './ports/database.ts';
import type { ImageStore, StoredImage } from './ports/image-store.ts';
import type { ImageRecord, JobImages, OwnedImage } from './ports/job-images.ts';

export interface ImageLibraryParts {
  readonly database: Database;
  readonly images: JobImages;
  readonly store: ImageStore;
  readonly clock: Clock;
}

/** The pictures that are kept, by their unguessable names. */
export class ImageLibrary {
  readonly #parts: ImageLibraryParts;

  constructor(parts: ImageLibraryParts) {
    this.#parts = parts;
  }

  /** @throws DomainError `not_found` */
  async open(name: string): Promise<{ readonly image: OwnedImage; readonly file: StoredImage }> {
    const image = await this.#find(name);
    const file = await this.#parts.store.open(name, image.format);
    if (file === null) throw noImage(name);
    return { image, file };
  }

  /** @throws DomainError `not_found` */
  async read(name: string): Promise<Uint8Array> {
    const { format } = await this.#find(name);
    return (await this.#parts.store.read(name, format)) ?? Promise.reject(noImage(name));
  }

  /**
   * @param accountId whose picture it has to be; null: anybody's
   * @throws DomainError `not_found`
   */
  async remove(accountId: string | null, name: string): Promise<void> {
    const image = await this.#find(name);
    if (accountId !== null && image.accountId !== accountId) throw noImage(name);
    await this.#delete([image]);
  }

  /** Deletes the pictures of a job: of one that asked not to have them stored, once they are delivered, or of one to be forgotten. */
  async removeOf(jobId: string): Promise<void> {
    const { database, images } = this.#parts;
    await this.#delete(await database.transaction((transaction) => images.ofJobs(transaction, [jobId])));
  }

  async #find(name: string): Promise<OwnedImage> {
    const { database, images } = this.#parts;
    const image = await database.transaction((transaction) => images.find(transaction, name));
    if (image === null) throw noImage(name);
    return image;
  }

  /** First the record, then the file: what is left when this process dies in between is a file that nobody knows. */
  async #delete(all: readonly ImageRecord[]): Promise<void> {
    const { database, images, store, clock } = this.#parts;
    for (const { name, format } of all) {
      await database.transaction((transaction) => images.markDeleted(transaction, name, clock.now()));
      await store.remove(name, format);
    }
  }
}

function noImage(name: string): DomainError {
  return new DomainError('not_found', `there is no picture ${name}, or it is no longer kept`);
}
