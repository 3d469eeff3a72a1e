import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { makePrivate, makePrivateFolder } from '@easel/embedded-postgres';
import { isMissing, whyNoFolder } from '@easel/errors';
import { StartupError } from '../startup-error.ts';
import type { StoredKind, SweepOptions } from './image-store.ts';

const extensions: Readonly<Record<StoredKind, string>> = { jpeg: 'jpg', png: 'png', webp: 'webp', start: 'start' };
const NAME = /^[0-9a-f]{32}$/;
const FILE = /^([0-9a-f]{32})\.(?:jpg|png|webp|start)$/;

/** In the name of a file that is still being written. */
export const TEMPORARY_MARK = '.partial-';

/**
 * The file of a picture, relative to the store's folder. A folder of very many entries is slow in many file systems, hence the
 * two levels.
 *
 * @throws TypeError for what is no name of a picture: it might lead out of the folder
 */
export function imageFile(name: string, kind: StoredKind): string {
  if (!NAME.test(name)) throw new TypeError('the name of a picture is 32 hexadecimal digits');
  return join(name.slice(0, 2), name.slice(2, 4), `${name}.${extensions[kind]}`);
}

/** The name of the picture in a file; undefined when the file is none. */
export function nameOfImageFile(file: string): string | undefined {
  return FILE.exec(file)?.[1];
}

/** Whether a name in the store's folder, or in such a subfolder, is that of a subfolder of the store. */
function isSubfolder(name: string): boolean {
  return /^[0-9a-f]{2}$/.test(name);
}

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
      `the image folder ${root} cannot be created or used: ${whyNoFolder(cause)}`,
      {
        remedy: 'choose one that the user Easel runs as can read and write, with EASEL_IMAGES_DIR',
        cause,
      },
    );
  }
}

/**
 * Removes orphans from the two levels of folders below the root; what is not of the store stays.
 *
 * @returns how many files were removed
 */
export async function sweepFolder(root: string, options: SweepOptions): Promise<number> {
  let removed = 0;
  for (const first of await subfolders(root, options)) {
    for (const second of await subfolders(join(root, first), options)) {
      options.signal.throwIfAborted();
      removed += await sweepFiles(join(root, first, second), options);
    }
  }
  return removed;
}

async function sweepFiles(folder: string, options: SweepOptions): Promise<number> {
  const old = await olderFiles(folder, options);
  const names = old.map(nameOfImageFile).filter((name) => name !== undefined);
  const kept = names.length === 0 ? new Set<string>() : await options.known(names);
  const orphans = old.filter((file) => {
    const name = nameOfImageFile(file);
    return name === undefined ? file.includes(TEMPORARY_MARK) : !kept.has(name);
  });
  let removed = 0;
  for (const file of orphans) removed += Number(await removeFile(join(folder, file), options));
  return removed;
}

async function removeFile(path: string, { onFailure }: SweepOptions): Promise<boolean> {
  try {
    await rm(path, { force: true });
    return true;
  } catch (error) {
    onFailure(path, error);
    return false;
  }
}

async function olderFiles(folder: string, options: SweepOptions): Promise<string[]> {
  const older: string[] = [];
  for (const file of await entriesOf(folder, options)) {
    // A file that is gone meanwhile is no orphan any more.
    const found = await stat(join(folder, file)).catch(() => undefined);
    if (found?.isFile() && found.mtime < options.olderThan) older.push(file);
  }
  return older;
}

async function subfolders(folder: string, options: SweepOptions): Promise<string[]> {
  return (await entriesOf(folder, options)).filter(isSubfolder);
}

async function entriesOf(folder: string, { onFailure }: SweepOptions): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (!isMissing(error)) onFailure(folder, error);
    return [];
  }
}
