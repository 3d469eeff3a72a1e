import { closeSync, linkSync, lstatSync, openSync, renameSync, rmSync, unlinkSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemCode } from '@easel/errors';
import { freeName } from './file-name.ts';
import { flushFolder } from './flush-folder.ts';
import { outputFailure } from './output-failure.ts';
import { temporaryName } from './temporary-name.ts';

export interface FileToSave {
  readonly path: string;
  readonly bytes: Uint8Array;
}

export interface SaveOptions {
  /** Replace what has the name; otherwise a name that was taken meanwhile is left alone and a free one beside it is used. */
  readonly overwrite: boolean;
  readonly signal: AbortSignal;
  /** Is given a function that removes what is not finished, for a process that has to end at once. */
  readonly atForcedExit?: (undo: () => void) => void;
}

/**
 * Saves all the files or none. Each appears under its name complete and on the disk, or not at all: it is written under a temporary name
 * in the same folder, flushed, and then linked, which fails when the name exists (no window between looking and writing), or
 * renamed over it.
 *
 * @returns where each went: its own path, or a free one when that was taken in the meantime
 * @throws CodedError `disk_full` or `output_unwritable`; the signal's reason when it was aborted before the files had their names
 */
export async function saveFiles(files: readonly FileToSave[], options: SaveOptions): Promise<string[]> {
  const unfinished = new Set<string>();
  const removeUnfinished = () => {
    for (const path of unfinished) rmSync(path, { force: true });
    unfinished.clear();
  };
  options.atForcedExit?.(removeUnfinished);
  try {
    const staged: { temporary: string; path: string }[] = [];
    for (const { path, bytes } of files) {
      const temporary = temporaryName(dirname(path));
      unfinished.add(temporary);
      await writeThrough(temporary, bytes).catch((error: unknown) => {
        throw outputFailure(dirname(path), error);
      });
      staged.push({ temporary, path });
    }
    options.signal.throwIfAborted();
    // Synchronous from here on, so that an interruption comes before or after all the names, not between.
    return publishAll(staged, options.overwrite);
  } finally {
    removeUnfinished();
  }
}

async function writeThrough(path: string, bytes: Uint8Array): Promise<void> {
  await using file = await open(path, 'wx');
  await file.writeFile(bytes);
  await file.sync();
}

function publishAll(staged: readonly { temporary: string; path: string }[], overwrite: boolean): string[] {
  const published: string[] = [];
  try {
    for (const { temporary, path } of staged) {
      try {
        published.push(overwrite ? replace(temporary, path) : claimFreeName(temporary, path));
      } catch (error) {
        throw outputFailure(dirname(path), error);
      }
    }
  } catch (error) {
    if (!overwrite) for (const path of published) rmSync(path, { force: true });
    throw error;
  }
  for (const folder of new Set(published.map((path) => dirname(path)))) flushFolder(folder);
  return published;
}

function replace(temporary: string, path: string): string {
  renameSync(temporary, path);
  return path;
}

function claimFreeName(temporary: string, wanted: string): string {
  const taken = (path: string) => lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  for (let path = wanted; ; path = freeName(wanted, taken)) {
    if (claim(temporary, path)) return path;
  }
}

/** Gives the temporary file its name if that is free, which only the file system can tell two processes apart. */
function claim(temporary: string, path: string): boolean {
  try {
    linkSync(temporary, path);
    unlinkSync(temporary);
    return true;
  } catch (error) {
    const code = systemCode(error);
    if (code === 'EEXIST') return false;
    // No hard links (FAT, some network file systems): claim the name by an empty file, then replace that.
    if (code === 'EPERM' || code === 'ENOTSUP' || code === 'EOPNOTSUPP' || code === 'ENOSYS')
      return claimByPlaceholder(temporary, path);
    throw error;
  }
}

function claimByPlaceholder(temporary: string, path: string): boolean {
  try {
    closeSync(openSync(path, 'wx'));
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw error;
  }
  try {
    renameSync(temporary, path);
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  }
  return true;
}
