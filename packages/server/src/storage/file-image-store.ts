import { randomUUID } from 'node:crypto';
import { type FileHandle, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import type { ByteRange, ImageStore, StoredImage, StoredKind, SweepOptions } from '../domain/ports/image-store.ts';
import { StartupError } from '../domain/startup-error.ts';
import { makePrivate, makePrivateFolder } from '../files/private-folder.ts';
import { imageFile, TEMPORARY_MARK } from './image-files.ts';
import { isMissing } from './is-missing.ts';
import { isSubfolder, sweepFolder } from './sweep-folder.ts';

/**
 * Makes the folder of the pictures, and takes the access of other accounts away from what is the store's in it: whoever can list the names
 * of pictures can ask for them.
 *
 * @param isOwn whether the folder itself is the store's too, and not one that the operator has chosen
 * @throws StartupError where there can be no such folder
 */
export async function prepareImageFolder(root: string, { isOwn }: { readonly isOwn: boolean }): Promise<void> {
  try {
    await makePrivateFolder(root);
    if (isOwn) await makePrivate(root);
    const names = await readdir(root);
    for (const name of names.filter(isSubfolder)) await makePrivate(join(root, name));
  } catch (cause) {
    throw new StartupError(
      'data_folder_unusable',
      `the folder of the pictures ${root} cannot be used: ${String(cause)}`,
      {
        remedy: 'choose one that the user Easel runs as can read and write, with EASEL_IMAGES_DIR',
        cause,
      },
    );
  }
}

/** Pictures as files of one folder, in two levels of subfolders: `3f/0b/3f0b….jpg`. */
export class FileImageStore implements ImageStore {
  readonly #root: string;

  /** @param root made when it does not exist */
  constructor(root: string) {
    this.#root = root;
  }

  async put(name: string, kind: StoredKind, bytes: Uint8Array): Promise<void> {
    const path = this.#pathOf(name, kind);
    const folder = dirname(path);
    const isNew = await makePrivateFolder(folder);
    const temporary = `${path}${TEMPORARY_MARK}${randomUUID()}`;
    try {
      await writeDurably(temporary, bytes);
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    // A name is durable when its folder is flushed; those of new folders, when the folders above them are.
    await flushFolders(folder, isNew ? dirname(this.#root) : folder);
  }

  async open(name: string, kind: StoredKind): Promise<StoredImage | null> {
    const file = await orNull(open(this.#pathOf(name, kind)));
    if (file === null) return null;
    const { size } = await file.stat();
    return { size, stream: (range) => streamOf(file, range), close: () => file.close() };
  }

  async read(name: string, kind: StoredKind): Promise<Uint8Array | null> {
    return orNull(readFile(this.#pathOf(name, kind)));
  }

  async remove(name: string, kind: StoredKind): Promise<boolean> {
    return (await orNull(rm(this.#pathOf(name, kind)).then(() => true))) ?? false;
  }

  sweep(options: SweepOptions): Promise<number> {
    return sweepFolder(this.#root, options);
  }

  #pathOf(name: string, kind: StoredKind): string {
    return join(this.#root, imageFile(name, kind));
  }
}

async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
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

function streamOf(file: FileHandle, range: ByteRange | undefined): ReadableStream<Uint8Array> {
  return Readable.toWeb(file.createReadStream(range ?? {}));
}

async function orNull<Value>(promise: Promise<Value>): Promise<Value | null> {
  try {
    return await promise;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}
