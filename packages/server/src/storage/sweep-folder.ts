import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { SweepOptions } from '../domain/ports/image-store.ts';
import { nameOfImageFile, TEMPORARY_MARK } from './image-files.ts';
import { isMissing } from './is-missing.ts';

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
  for (const first of await subfolders(root)) {
    for (const second of await subfolders(join(root, first))) {
      options.signal.throwIfAborted();
      removed += await sweepFiles(join(root, first, second), options);
    }
  }
  return removed;
}

async function sweepFiles(folder: string, { olderThan, known }: SweepOptions): Promise<number> {
  const old = await olderFiles(folder, olderThan);
  const names = old.map(nameOfImageFile).filter((name) => name !== undefined);
  const kept = names.length === 0 ? new Set<string>() : await known(names);
  const orphans = old.filter((file) => {
    const name = nameOfImageFile(file);
    return name === undefined ? file.includes(TEMPORARY_MARK) : !kept.has(name);
  });
  for (const file of orphans) await rm(join(folder, file), { force: true });
  return orphans.length;
}

async function olderFiles(folder: string, time: Date): Promise<string[]> {
  const older: string[] = [];
  for (const file of await entriesOf(folder)) {
    // A file that is gone meanwhile is no orphan any more.
    const found = await stat(join(folder, file)).catch(() => undefined);
    if (found?.isFile() && found.mtime < time) older.push(file);
  }
  return older;
}

async function subfolders(folder: string): Promise<string[]> {
  return (await entriesOf(folder)).filter(isSubfolder);
}

async function entriesOf(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
