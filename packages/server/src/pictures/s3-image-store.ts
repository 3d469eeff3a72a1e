import { createHash } from 'node:crypto';
import { ReadableStream as WebStream } from 'node:stream/web';
import { imageFile, nameOfImageFile } from './image-folder.ts';
import type { ByteRange, ImageStore, StoredImage, StoredKind, SweepOptions } from './image-store.ts';
import { type BucketObject, brief, type S3Bucket } from './s3-bucket.ts';

const mediaTypes: Readonly<Record<StoredKind, string>> = {
  jpeg: 'image/jpeg',
  png: 'image/png',
  webp: 'image/webp',
  start: 'image/png',
};

/** Written and overwritten to see whether pictures can be stored. */
const PROBE = '.easel-probe';
/** A picture that was stored so recently shows it too. */
const FRESH_MS = 5000;
/** Of 1000 objects each, in one sweep: a store of a million pictures is looked through in a hundred sweeps, so in a hundred minutes. */
const PAGES_A_SWEEP = 10;

/**
 * Pictures as objects of an S3 bucket, under the same names as in a folder: `PREFIX3f/0b/3f0b….jpg`. So a folder is moved into a bucket by copying
 * it, and back.
 */
export class S3ImageStore implements ImageStore {
  readonly #bucket: S3Bucket;
  readonly #prefix: string;
  #storedAt = Number.NEGATIVE_INFINITY;
  /** The last key of the sweep before; empty: the next sweep begins at the first. */
  #sweptTo = '';

  /** @param prefix of every key; a folder ends with `/` */
  constructor(bucket: S3Bucket, prefix: string) {
    this.#bucket = bucket;
    this.#prefix = prefix;
  }

  /** Nothing tells how much room a bucket has; one that is full refuses also the few bytes that are written here. */
  async check(): Promise<void> {
    if (performance.now() - this.#storedAt < FRESH_MS) return;
    const time = new TextEncoder().encode(new Date().toISOString());
    await this.#bucket.put(`${this.#prefix}${PROBE}`, time, 'text/plain', brief);
    this.#storedAt = performance.now();
  }

  async put(name: string, kind: StoredKind, bytes: Uint8Array): Promise<void> {
    try {
      await this.#bucket.put(this.#keyOf(name, kind), bytes, mediaTypes[kind]);
      this.#storedAt = performance.now();
    } catch (error) {
      this.#storedAt = Number.NEGATIVE_INFINITY;
      throw error;
    }
  }

  async open(name: string, kind: StoredKind): Promise<StoredImage | null> {
    const key = this.#keyOf(name, kind);
    const found = await this.#bucket.head(key);
    return found === null ? null : this.#opened(key, found);
  }

  read(name: string, kind: StoredKind): Promise<Uint8Array | null> {
    return this.#bucket.get(this.#keyOf(name, kind));
  }

  remove(name: string, kind: StoredKind): Promise<void> {
    return this.#bucket.delete(this.#keyOf(name, kind));
  }

  /** Goes on where the sweep before ended, so that a bucket of very many pictures costs few requests at a time. */
  async sweep({ olderThan, known, signal, onFailure }: SweepOptions): Promise<number> {
    let removed = 0;
    for (let page = 0; page < PAGES_A_SWEEP; page += 1) {
      signal.throwIfAborted();
      const list = await this.#bucket.list(this.#prefix, this.#sweptTo);
      const last = list.objects.at(-1)?.key ?? '';
      const old = list.objects
        .filter(({ modified }) => modified < olderThan)
        .flatMap(({ key }) => this.#pictureOf(key));
      const kept = old.length === 0 ? new Set<string>() : await known(old.map(({ name }) => name));
      for (const { key } of old.filter(({ name }) => !kept.has(name))) {
        signal.throwIfAborted();
        const isGone = await this.#bucket.delete(key).then(
          () => true,
          (error: unknown) => onFailure(key, error),
        );
        removed += Number(isGone === true);
      }
      this.#sweptTo = list.isLast ? '' : last;
      if (list.isLast) break;
    }
    return removed;
  }

  /** Its first reading as a whole is kept for the stream that follows: a picture is a few megabytes. */
  #opened(key: string, found: BucketObject): StoredImage {
    let whole: Uint8Array | undefined;
    return {
      size: found.size,
      version: `${found.size} ${found.etag}`,
      sha256: async () => {
        whole = (await this.#bucket.get(key)) ?? new Uint8Array();
        return createHash('sha256').update(whole).digest();
      },
      stream: (range = { start: 0, end: found.size - 1 }) =>
        streamOf(whole ?? null, range, () => this.#bucket.stream(key, found, range)),
      close: async () => {},
    };
  }

  /** What is no picture of this store stays. */
  #pictureOf(key: string): { readonly key: string; readonly name: string }[] {
    const file = key.slice(this.#prefix.length);
    const name = nameOfImageFile(file.slice(file.lastIndexOf('/') + 1));
    return name === undefined || !file.startsWith(`${name.slice(0, 2)}/${name.slice(2, 4)}/`) ? [] : [{ key, name }];
  }

  #keyOf(name: string, kind: StoredKind): string {
    return `${this.#prefix}${imageFile(name, kind).replaceAll('\\', '/')}`;
  }
}

function streamOf(
  whole: Uint8Array | null,
  { start, end }: ByteRange,
  fetched: () => AsyncIterable<Uint8Array>,
): ReadableStream<Uint8Array> {
  return WebStream.from(whole === null ? fetched() : [whole.subarray(start, end + 1)]);
}
