import type { Size } from '@easel/contract';
import { Room } from '../room.ts';
import type { ImageLibrary } from './image-library.ts';
import type { OwnedImage } from './images.ts';
import type { InputPictures } from './input-pictures.ts';

export interface ThumbnailsParts {
  readonly library: Pick<ImageLibrary, 'describe' | 'read'>;
  /** @returns a WebP of that width */
  readonly shrink: (file: Uint8Array, width: number, image: OwnedImage) => Promise<Uint8Array>;
  /** Bytes of thumbnails that are kept. */
  readonly keptBytes?: number;
  /** How many are made at the same time; others wait. */
  readonly atOnce?: number;
}

/**
 * Of what was made here the file is read in this process. One that was imported is decoded in a process of its own, as every file that
 * clients send, and only what comes of that is read here.
 */
export function shrinkWith(
  encode: (file: Uint8Array, width: number) => Promise<Uint8Array>,
  inputPictures: Pick<InputPictures, 'use'>,
): ThumbnailsParts['shrink'] {
  return async (file, width, image) => {
    if (!isImported(image)) return encode(file, width);
    const { signal } = new AbortController();
    const small = await inputPictures.use(file, { owner: 'thumbnails', signal }, (picture) =>
      picture.fit(scaledTo(picture.size, width)),
    );
    return encode(small, width);
  };
}

function isImported({ device }: Pick<OwnedImage, 'device'>): boolean {
  return device === null;
}

/** Never larger than it is. */
function scaledTo(size: Size, wanted: number): Size {
  const width = Math.min(wanted, size.width);
  return { width, height: Math.max(1, Math.round((size.height * width) / size.width)) };
}

export interface Thumbnail {
  readonly image: OwnedImage;
  readonly bytes: Uint8Array;
}

/** Small pictures for lists, made when they are first asked for. */
export class Thumbnails {
  readonly #parts: Required<ThumbnailsParts>;
  /** Least recently used first. */
  readonly #kept = new Map<string, Uint8Array>();
  #keptBytes = 0;
  readonly #making = new Map<string, Promise<Uint8Array>>();
  #free: number;
  readonly #waiting: (() => void)[] = [];
  readonly #imported = new Room({
    capacity: 1,
    patienceMs: 60_000,
    refusal: 'too many pictures are being read at the same time',
  });

  constructor({ keptBytes = 32 * 2 ** 20, atOnce = 2, ...parts }: ThumbnailsParts) {
    this.#parts = { keptBytes, atOnce, ...parts };
    this.#free = atOnce;
  }

  /** @throws DomainError `not_found` for a picture that is not kept, also where its thumbnail still is */
  async of(name: string, width: number): Promise<Thumbnail> {
    const image = await this.#parts.library.describe(name);
    const key = `${name} ${width}`;
    const bytes = this.#kept.get(key) ?? (await this.#made(key, image, width));
    this.#keep(key, bytes);
    return { image, bytes };
  }

  /** Concurrent requests for one thumbnail share the work. */
  #made(key: string, image: OwnedImage, width: number): Promise<Uint8Array> {
    const made = this.#making.get(key) ?? this.#make(image, width).finally(() => this.#making.delete(key));
    this.#making.set(key, made);
    return made;
  }

  /** Imported ones take long, and take turns by account among themselves. */
  #make(image: OwnedImage, width: number): Promise<Uint8Array> {
    const shrink = async () => this.#parts.shrink(await this.#parts.library.read(image.name), width, image);
    return isImported(image) ? this.#imported.use(shrink, { owner: image.accountId }) : this.#inTurn(shrink);
  }

  async #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#free === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#free -= 1;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }

  #keep(key: string, bytes: Uint8Array): void {
    this.#keptBytes += bytes.length - (this.#kept.get(key)?.length ?? 0);
    this.#kept.delete(key);
    this.#kept.set(key, bytes);
    for (const [oldest, { length }] of this.#kept) {
      if (this.#keptBytes <= this.#parts.keptBytes) break;
      this.#kept.delete(oldest);
      this.#keptBytes -= length;
    }
  }
}
