import { createHash } from 'node:crypto';
import { hasCode } from '@easel/errors';
import type { Clock } from '../clock.ts';
import type { Database } from '../database/database.ts';
import { DomainError } from '../domain-error.ts';
import type { ImageStore, StoredImage } from './image-store.ts';
import { findImage, type ImageRecord, listImagesOfJobs, markImageDeleted, type OwnedImage } from './images.ts';
import { storageAway } from './storage-watch.ts';

/** Files that were compared with their records are remembered, so that not every reply reads its file twice. */
const MOST_COMPARED = 10_000;

export interface ImageLibraryParts {
  readonly database: Database;
  readonly store: ImageStore;
  readonly clock: Clock;
  /** Called for a file that differs from what was stored; it is not shown. */
  readonly onDamage: (image: ImageRecord) => void;
}

/** The pictures that are kept, by their unguessable names. */
export class ImageLibrary {
  readonly #parts: ImageLibraryParts;
  readonly #compared = new Map<string, string>();

  constructor(parts: ImageLibraryParts) {
    this.#parts = parts;
  }

  /** @throws DomainError `not_found` */
  async open(name: string): Promise<{ readonly image: OwnedImage; readonly file: StoredImage }> {
    const image = await this.#find(name);
    const file = await readable(this.#parts.store.open(name, image.format));
    if (file === null) throw noImage(name);
    try {
      await readable(this.#requireWhole(image, file));
    } catch (error) {
      await file.close();
      throw error;
    }
    return { image, file };
  }

  /** Its record. @throws DomainError `not_found` */
  describe(name: string): Promise<OwnedImage> {
    return this.#find(name);
  }

  /** @throws DomainError `not_found` */
  async read(name: string): Promise<Uint8Array> {
    const image = await this.#find(name);
    const bytes = await readable(this.#parts.store.read(name, image.format));
    if (bytes === null) throw noImage(name);
    if (!isSame(image, bytes.length, () => createHash('sha256').update(bytes).digest())) throw this.#damaged(image);
    return bytes;
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
    await this.#delete(await this.#parts.database.transaction((queries) => listImagesOfJobs(queries, [jobId])));
  }

  async #requireWhole(image: ImageRecord, file: StoredImage): Promise<void> {
    if (this.#compared.get(image.name) === file.version) return;
    const hash = image.sha256 === null || file.size !== image.bytes ? null : await file.sha256();
    if (!isSame(image, file.size, () => hash)) throw this.#damaged(image);
    const [oldest] = this.#compared.keys();
    if (oldest !== undefined && this.#compared.size >= MOST_COMPARED) this.#compared.delete(oldest);
    this.#compared.set(image.name, file.version);
  }

  #damaged(image: ImageRecord): DomainError {
    this.#parts.onDamage(image);
    return new DomainError('not_found', 'the file of this picture is damaged and not shown', {
      remedy: 'generate it again',
    });
  }

  async #find(name: string): Promise<OwnedImage> {
    const image = await this.#parts.database.transaction((queries) => findImage(queries, name));
    if (image === null) throw noImage(name);
    return image;
  }

  /** First the record, then the file: one that is left, because this process dies in between or the store is away, is removed by the janitor. */
  async #delete(all: readonly ImageRecord[]): Promise<void> {
    const { database, store, clock } = this.#parts;
    for (const { name, format } of all) {
      await database.transaction((queries) => markImageDeleted(queries, name, clock.now()));
      await store.remove(name, format).catch((error: unknown) => {
        if (!hasCode(error, 'storage_unavailable')) throw error;
      });
    }
  }
}

/** Whether a file is the one that was stored; of pictures of an earlier release only the size is known. */
function isSame({ bytes, sha256 }: ImageRecord, size: number, hash: () => Uint8Array | null): boolean {
  if (size !== bytes) return false;
  return sha256 === null || Buffer.compare(sha256, hash() ?? new Uint8Array()) === 0;
}

/** @throws DomainError `overloaded` while the store is away */
async function readable<Found>(reading: Promise<Found>): Promise<Found> {
  try {
    return await reading;
  } catch (error) {
    throw hasCode(error, 'storage_unavailable') ? storageAway('pictures cannot be read at the moment', error) : error;
  }
}

function noImage(name: string): DomainError {
  return new DomainError('not_found', `there is no picture ${name}, or it is no longer kept`);
}
