import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing } from '../files/system-error.ts';
import { nameOfImageFile, TEMPORARY_MARK } from './image-files.ts';
import type { SweepOptions } from './image-store.ts';

/** Whether a name in the store's folder, or in such a subfolder, is that of a subfolder of the store. */
export function isSubfolder(name: string): boolean {
  return /^[0-9a-f]{2}$/.test(name);
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
