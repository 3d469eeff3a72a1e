import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { ifPresent } from '@easel/errors';

/** What a file's content must be: SHA-256 of it, or what git calls it (SHA-1 over `blob SIZE\0` and the content). */
export interface Digest {
  readonly kind: 'sha256' | 'git';
  /** Also the name of the file in the Hub's cache. */
  readonly hex: string;
}

/** Bytes from `start` up to, not including, `end`. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** How much is read at a time to be hashed. */
const BLOCK = 1 << 20;
/** How often it is noted what is there; as much is downloaded again after a process was killed. */
const NOTE_MS = 200;

/**
 * A file that is not complete. Its parts arrive in any order and from several connections; a note beside it says which are there, so that
 * another process goes on where this one ends. Its hash follows the part that has no gap.
 */
export class PartialFile {
  readonly #handle: FileHandle;
  readonly #path: string;
  readonly #bytes: number;
  readonly #digest: Digest;
  #ranges: readonly Range[];
  #taken: readonly Range[] = [];
  #hash: Hash;
  #hashed = 0;
  #hashing: Promise<void> = Promise.resolve();
  #noting: Promise<void> = Promise.resolve();
  #notedMs = Number.NEGATIVE_INFINITY;

  /** Opens what an earlier attempt has left, or begins. */
  static async open(path: string, bytes: number, digest: Digest): Promise<PartialFile> {
    const ranges = await readNote(path, bytes);
    const handle = await (ranges.length === 0 ? open(path, 'w+') : open(path, 'r+'));
    // A note can be newer than the file, after a power cut.
    const { size } = await handle.stat();
    const present = ranges.flatMap(({ start, end }) => (end <= size ? [{ start, end }] : []));
    return new PartialFile(handle, path, bytes, digest, present);
  }

  private constructor(handle: FileHandle, path: string, bytes: number, digest: Digest, ranges: readonly Range[]) {
    this.#handle = handle;
    this.#path = path;
    this.#bytes = bytes;
    this.#digest = digest;
    this.#ranges = ranges;
    this.#hash = newHash(digest, bytes);
  }

  /** How many bytes are there. */
  get received(): number {
    return this.#ranges.reduce((sum, { start, end }) => sum + end - start, 0);
  }

  /** The next part that is missing and that nobody else has taken, at most so long; undefined: there is none. */
  take(longest: number): Range | undefined {
    const busy = union([...this.#ranges, ...this.#taken]);
    const first = busy[0];
    const start = first?.start === 0 ? first.end : 0;
    if (start >= this.#bytes) return undefined;
    const next = busy.find((range) => range.start > start)?.start ?? this.#bytes;
    const range = { start, end: Math.min(next, start + longest) };
    this.#taken = [...this.#taken, range];
    return range;
  }

  /** To be called for every part taken, received or not. */
  release(range: Range): void {
    this.#taken = this.#taken.filter((other) => other !== range);
  }

  async write(chunk: Uint8Array, at: number): Promise<void> {
    for (let done = 0; done < chunk.length; ) {
      const { bytesWritten } = await this.#handle.write(chunk, done, chunk.length - done, at + done);
      done += bytesWritten;
    }
    this.#ranges = union([...this.#ranges, { start: at, end: at + chunk.length }]);
    this.#follow();
    if (performance.now() - this.#notedMs < NOTE_MS) return;
    this.#notedMs = performance.now();
    await this.#note();
  }

  /** Whether the whole file is what it should be. @param onHashed called as the rest is hashed */
  async isIntact(): Promise<boolean> {
    this.#follow();
    await this.#hashing;
    return this.#hashed === this.#bytes && this.#hash.digest('hex') === this.#digest.hex;
  }

  /** Begins again: what was received is not the file. */
  async discard(): Promise<void> {
    await this.#hashing.catch(() => {});
    await this.#noting;
    this.#ranges = [];
    this.#hash = newHash(this.#digest, this.#bytes);
    this.#hashed = 0;
    await this.#handle.truncate(0);
    await this.#note();
  }

  /** Gives the file its place, in one step. */
  async finish(place: string): Promise<void> {
    await this.#handle.sync();
    await this.#handle.close();
    await this.#noting;
    await rename(this.#path, place);
    await rm(noteOf(this.#path), { force: true });
  }

  /** Leaves it for the next attempt. */
  async leave(): Promise<void> {
    await this.#hashing.catch(() => {});
    await this.#note();
    await this.#handle.close();
  }

  /** One block after another, behind the writers. */
  #follow(): void {
    this.#hashing = this.#hashing.then(async () => {
      const [first] = this.#ranges;
      if (first?.start !== 0) return;
      while (this.#hashed < first.end) {
        const block = Buffer.allocUnsafe(Math.min(BLOCK, first.end - this.#hashed));
        const { bytesRead } = await this.#handle.read(block, 0, block.length, this.#hashed);
        if (bytesRead === 0) return; // shorter than it was: not intact
        this.#hash.update(block.subarray(0, bytesRead));
        this.#hashed += bytesRead;
      }
    });
    this.#hashing.catch(() => {}); // whoever waits for it is told
  }

  #note(): Promise<void> {
    const note = noteOf(this.#path);
    this.#noting = this.#noting.then(async () => {
      const ranges = this.#ranges.map(({ start, end }) => [start, end]);
      await writeFile(`${note}.draft`, JSON.stringify({ bytes: this.#bytes, ranges }));
      await rename(`${note}.draft`, note);
    });
    return this.#noting;
  }
}

/** The hash that a digest is of, before the first byte. */
export function newHash({ kind }: Digest, bytes: number): Hash {
  return kind === 'sha256' ? createHash('sha256') : createHash('sha1').update(`blob ${bytes}\0`);
}

function noteOf(path: string): string {
  return `${path}.json`;
}

async function readNote(path: string, bytes: number): Promise<readonly Range[]> {
  const text = await ifPresent(readFile(noteOf(path), 'utf8'));
  if (
    text === undefined ||
    (await ifPresent(open(path, 'r').then((file) => file.close().then(() => true)))) === undefined
  )
    return [];
  try {
    const note: unknown = JSON.parse(text);
    if (typeof note !== 'object' || note === null || !('bytes' in note && 'ranges' in note)) return [];
    if (note.bytes !== bytes || !Array.isArray(note.ranges)) return [];
    const ranges = note.ranges.map((range: unknown) => {
      const [start, end]: unknown[] = Array.isArray(range) ? range : [];
      return { start: Number(start), end: Number(end) };
    });
    const isValid = ({ start, end }: Range) =>
      Number.isSafeInteger(start) && Number.isSafeInteger(end) && 0 <= start && start < end && end <= bytes;
    return ranges.every(isValid) ? union(ranges) : [];
  } catch {
    return []; // written by something else: begin again
  }
}

/** In order, and without overlaps. */
function union(ranges: readonly Range[]): Range[] {
  const merged: Range[] = [];
  for (const range of [...ranges].sort((one, other) => one.start - other.start)) {
    const last = merged.at(-1);
    if (last !== undefined && range.start <= last.end) {
      merged[merged.length - 1] = { start: last.start, end: Math.max(last.end, range.end) };
    } else {
      merged.push(range);
    }
  }
  return merged;
}
