import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, readFile, rename, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { makePrivateFolder, writeDurably } from '@easel/embedded-postgres';
import { CodedError, systemCode } from '@easel/errors';
import { imageFile, sweepFolder, TEMPORARY_MARK } from './image-folder.ts';
import type { ByteRange, ImageStore, StoredImage, StoredKind, SweepOptions } from './image-store.ts';

/** No picture has this name; trial files are written under it. */
const NOBODY = '0'.repeat(32);
/** More than what may still fit into a block that is in use already. */
const PROBE_BYTES = 8192;

/** Pictures as files of one folder, in two levels of subfolders: `3f/0b/3f0b….jpg`. */
export class FileImageStore implements ImageStore {
  readonly #root: string;
  readonly #isMountPoint: boolean;

  /**
   * @param root made when it does not exist; from then on a root that is missing is an error, for what is made in its place may
   *   be the mount point of a file system that is not mounted
   * @throws CodedError `storage_unavailable` when it can be neither found nor made
   */
  static async open(root: string): Promise<FileImageStore> {
    try {
      await makePrivateFolder(root);
      return new FileImageStore(root, await isMountPoint(root));
    } catch (error) {
      throw storageFault(error, root);
    }
  }

  private constructor(root: string, isMounted: boolean) {
    this.#root = root;
    this.#isMountPoint = isMounted;
  }

  async check(bytes: number): Promise<void> {
    const probe = `${this.#pathOf(NOBODY, 'start')}${TEMPORARY_MARK}${randomUUID()}`;
    try {
      await this.#requireRoot();
      const { bavail, bsize } = await statfs(this.#root);
      if (bavail * bsize < bytes)
        throw Object.assign(new Error(`less than ${bytes} bytes are free`), { code: 'ENOSPC' });
      await this.#makeFolder(dirname(probe));
      await writeDurably(probe, new Uint8Array(PROBE_BYTES));
    } catch (error) {
      throw storageFault(error, this.#root);
    } finally {
      await rm(probe, { force: true }).catch(() => {});
    }
  }

  async put(name: string, kind: StoredKind, bytes: Uint8Array): Promise<void> {
    const path = this.#pathOf(name, kind);
    const folder = dirname(path);
    const temporary = `${path}${TEMPORARY_MARK}${randomUUID()}`;
    try {
      await this.#requireRoot();
      const isNew = await this.#makeFolder(folder);
      await writeDurably(temporary, bytes);
      await rename(temporary, path);
      // A name is durable when its folder is flushed; those of new folders, when the folders above them are.
      await flushFolders(folder, isNew ? dirname(this.#root) : folder);
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => {});
      throw storageFault(error, this.#root);
    }
  }

  async open(name: string, kind: StoredKind): Promise<StoredImage | null> {
    const file = await orNull(open(this.#pathOf(name, kind)));
    if (file === null) return null;
    const found = await file.stat();
    if (!found.isFile()) {
      await file.close();
      return null;
    }
    const { size, mtimeMs } = found;
    return {
      size,
      version: `${size} ${mtimeMs}`,
      sha256: () => hashOf(file),
      stream: (range) => streamOf(file, range),
      close: () => file.close(),
    };
  }

  async read(name: string, kind: StoredKind): Promise<Uint8Array | null> {
    return orNull(readFile(this.#pathOf(name, kind)));
  }

  /** Whatever is in its place. */
  async remove(name: string, kind: StoredKind): Promise<void> {
    await rm(this.#pathOf(name, kind), { recursive: true, force: true });
  }

  sweep(options: SweepOptions): Promise<number> {
    return sweepFolder(this.#root, options);
  }

  /** @throws CodedError `storage_unavailable` when the file system of the store is not where it was */
  async #requireRoot(): Promise<void> {
    if (!this.#isMountPoint || (await isMountPoint(this.#root))) return;
    throw new CodedError('storage_unavailable', `the image folder ${this.#root} is not mounted`, {
      remedy: 'mount it again',
    });
  }

  /** Never makes the root. @returns whether a folder had to be made */
  async #makeFolder(folder: string): Promise<boolean> {
    const isFirstNew = await makeUnlessThere(dirname(folder));
    return (await makeUnlessThere(folder)) || isFirstNew;
  }

  #pathOf(name: string, kind: StoredKind): string {
    return join(this.#root, imageFile(name, kind));
  }
}

/** What is wrong and how to fix it, by the code of the system's error (errno(3)). */
const problems: Readonly<Record<string, readonly [problem: string, remedy: string]>> = {
  ENOSPC: ['is full', 'free some space, or shorten retention.imagesSeconds'],
  EDQUOT: ['has used up its disk quota', 'free some space, or raise the quota'],
  EFBIG: ['cannot be given a file larger than this process may write', 'raise its limit (ulimit -f)'],
  EROFS: ['is on a file system that is mounted read-only', 'mount it writable'],
  ENOENT: ['is missing', 'mount it, or create it again'],
  ENOTDIR: ['is not a folder', 'put the folder back in its place'],
  EACCES: ['may not be written by this user', 'give the user that runs Easel write permission'],
  EPERM: ['may not be written by this user', 'give the user that runs Easel write permission'],
  EIO: ['is on a disk that reports errors', 'look at the disk'],
  ESTALE: ['is on a network file system that was replaced', 'mount it again'],
  ENOTCONN: ['is on a network file system that is not connected', 'mount it again'],
  EHOSTDOWN: ['is on a network file system that does not answer', 'look at its server'],
  ETIMEDOUT: ['is on a network file system that does not answer', 'look at its server'],
  EMFILE: ['cannot be opened because this process has too many files open', 'raise its limit (ulimit -n)'],
  ENFILE: ['cannot be opened because the system has too many files open', 'raise its limit'],
};

/** What the store throws for an error of the file system: `storage_unavailable` for one that an operator can fix. */
function storageFault(error: unknown, root: string): unknown {
  const code = systemCode(error) ?? '';
  const [problem, remedy] = problems[code] ?? [];
  if (problem === undefined) return error;
  return new CodedError('storage_unavailable', `the image folder ${root} ${problem} (${code})`, {
    remedy,
    cause: error,
  });
}

/** Whether it is on another file system than the folder that it is in. */
async function isMountPoint(folder: string): Promise<boolean> {
  return (await stat(folder)).dev !== (await stat(dirname(folder))).dev;
}

/** @returns whether it was made */
async function makeUnlessThere(folder: string): Promise<boolean> {
  try {
    await mkdir(folder, { mode: 0o700 });
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/** From the folder up to the last one, both included. */
async function flushFolders(folder: string, last: string): Promise<void> {
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
  if (folder !== last && folder.startsWith(last)) await flushFolders(dirname(folder), last);
}

async function hashOf(file: FileHandle): Promise<Uint8Array> {
  const hash = createHash('sha256');
  for await (const chunk of file.createReadStream({ start: 0, autoClose: false })) hash.update(chunk);
  return hash.digest();
}

function streamOf(file: FileHandle, range: ByteRange | undefined): ReadableStream<Uint8Array> {
  return Readable.toWeb(file.createReadStream(range ?? { start: 0 }));
}

async function orNull<Value>(promise: Promise<Value>): Promise<Value | null> {
  try {
    return await promise;
  } catch (error) {
    // A folder in its place is no picture.
    if (['ENOENT', 'EISDIR'].includes(systemCode(error) ?? '')) return null;
    throw error;
  }
}
