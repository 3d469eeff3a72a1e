import type { Size } from '@easel/contract';
import { Room } from '../room.ts';
import { unlessAborted } from '../unless-aborted.ts';
import type { ImageLibrary } from './image-library.ts';
import type { OwnedImage } from './images.ts';
import type { InputPictures } from './input-pictures.ts';

export interface ThumbnailsParts {
  readonly library: Pick<ImageLibrary, 'read'>;
  /** @returns a WebP of that width */
  readonly shrink: (file: Uint8Array, width: number, image: OwnedImage) => Promise<Uint8Array>;
  /** Bytes of thumbnails that are kept. */
  readonly keptBytes?: number;
  /** How many are made at the same time; others wait, and accounts take turns. */
  readonly atOnce?: number;
  /** How long one waits to be made. */
  readonly patienceMs?: number;
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

const AT_ONCE = 2;
const PATIENCE_MS = 60_000;

/** One that is being made for whoever has asked for it meanwhile. */
interface Making {
  readonly made: Promise<Uint8Array>;
  readonly abandoned: AbortController;
  askers: number;
}

/**
 * Small pictures for lists, made when they are first asked for. Nobody needs a key for them, so only a few are made at the same time, and
 * those that nobody waits for any more are not.
 */
export class Thumbnails {
  readonly #library: ThumbnailsParts['library'];
  readonly #shrink: ThumbnailsParts['shrink'];
  readonly #mostBytes: number;
  /** Least recently used first. */
  readonly #kept = new Map<string, Uint8Array>();
  #keptBytes = 0;
  readonly #making = new Map<string, Making>();
  readonly #own: Room;
  /** Imported ones take long. */
  readonly #imported: Room;

  constructor({
    library,
    shrink,
    keptBytes = 32 * 2 ** 20,
    atOnce = AT_ONCE,
    patienceMs = PATIENCE_MS,
  }: ThumbnailsParts) {
    this.#library = library;
    this.#shrink = shrink;
    this.#mostBytes = keptBytes;
    const waiting = { patienceMs, refusal: 'too many thumbnails are being made at the same time' };
    this.#own = new Room({ capacity: atOnce, ...waiting });
    this.#imported = new Room({ capacity: 1, ...waiting });
  }

  /**
   * @param image that is kept: whether its thumbnail still is says nothing about that
   * @param signal when nobody waits for it any more
   * @throws DomainError `not_found` when its file is gone, `overloaded` when too many are being made; the signal's reason
   */
  async of(image: OwnedImage, width: number, signal: AbortSignal): Promise<Uint8Array> {
    const key = `${image.name} ${width}`;
    const bytes = this.#kept.get(key) ?? (await this.#made(key, image, width, signal));
    this.#keep(key, bytes);
    return bytes;
  }

  /** Concurrent requests for one thumbnail share the work. */
  async #made(key: string, image: OwnedImage, width: number, signal: AbortSignal): Promise<Uint8Array> {
    signal.throwIfAborted();
    const making = this.#making.get(key) ?? this.#begin(image, width);
    this.#making.set(key, making);
    making.askers += 1;
    try {
      return await unlessAborted(making.made, signal);
    } finally {
      making.askers -= 1;
      if (making.askers === 0) {
        this.#making.delete(key);
        making.abandoned.abort();
      }
    }
  }

  #begin(image: OwnedImage, width: number): Making {
    const abandoned = new AbortController();
    const room = isImported(image) ? this.#imported : this.#own;
    const made = room.use(async () => this.#shrink(await this.#library.read(image.name), width, image), {
      owner: image.accountId,
      signal: abandoned.signal,
    });
    return { made, abandoned, askers: 0 };
  }

  #keep(key: string, bytes: Uint8Array): void {
    this.#keptBytes += bytes.length - (this.#kept.get(key)?.length ?? 0);
    this.#kept.delete(key);
    this.#kept.set(key, bytes);
    for (const [oldest, { length }] of this.#kept) {
      if (this.#keptBytes <= this.#mostBytes) break;
      this.#kept.delete(oldest);
      this.#keptBytes -= length;
    }
  }
}
