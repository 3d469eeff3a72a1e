import { once } from 'node:events';
import { closeSync, fsyncSync, linkSync, lstatSync, openSync, renameSync, rmSync, unlinkSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CodedError, systemCode } from '@easel/errors';
import { createFolder, outputFailure, temporaryName } from './folder.ts';
import { freeName, type OutputPlan } from './plan.ts';

export interface Delivery {
  readonly stdout: NodeJS.WriteStream;
  readonly signal: AbortSignal;
  readonly atForcedExit: (undo: () => void) => void;
}

/**
 * Writes the encoded pictures where the plan says: all the files or none, or one picture into its stream.
 *
 * @returns the name of each for the user: the path of the file, or of the stream; `-` is standard output
 * @throws CodedError `disk_full` or `output_unwritable`
 */
export async function deliverPictures(
  plan: OutputPlan,
  pictures: readonly Uint8Array[],
  { stdout, signal, atForcedExit }: Delivery,
): Promise<string[]> {
  if (plan.kind === 'files') {
    if (!plan.named) createFolder(plan.folder); // another run may have created it, and removed it again while it was empty
    const files = pictures.map((bytes, index) => ({ path: plan.paths[index] ?? '', bytes }));
    return saveFiles(files, { overwrite: plan.overwrite, signal, atForcedExit });
  }
  const [bytes = new Uint8Array()] = pictures;
  if (plan.path === undefined) await writeToStandardOutput(stdout, bytes, signal);
  else await writeToStream(plan.path, bytes, signal);
  return [plan.path ?? '-'];
}

/** A reader that closes the pipe early is not a failure, as elsewhere on the command line. */
async function writeToStandardOutput(stdout: NodeJS.WriteStream, bytes: Uint8Array, signal: AbortSignal) {
  if (!stdout.write(bytes)) await Promise.race([once(stdout, 'drain', { signal }), once(stdout, 'close', { signal })]);
}

/** Opening a named pipe waits for its reader. */
async function writeToStream(path: string, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
  try {
    await using stream = await open(path, 'w');
    await stream.writeFile(bytes, { signal });
  } catch (error) {
    if (systemCode(error) === 'EPIPE') return;
    throw signal.aborted ? error : outputFailure(path, error);
  }
}

/** @throws CodedError `usage` when something else goes to standard output as well */
export function checkStandardOutput(
  plan: OutputPlan,
  { json, preview }: { readonly json?: boolean; readonly preview?: boolean },
  { isTTY }: { readonly isTTY?: boolean },
): void {
  if (plan.kind === 'files') return;
  if (preview) {
    throw new CodedError('usage', '--preview is not supported when --output is a stream; leave one of them out');
  }
  if (plan.path !== undefined) return;
  if (json)
    throw new CodedError('usage', '--json and the picture would both go to standard output', {
      remedy: 'leave one of them out',
    });
  if (isTTY) {
    throw new CodedError('usage', 'standard output is a terminal, which cannot take a picture file', {
      remedy: 'redirect it: easel generate "a red apple" -o - > apple.png',
    });
  }
}

export interface FileToSave {
  readonly path: string;
  readonly bytes: Uint8Array;
}

export interface SaveOptions {
  /** Replace existing files; otherwise a free name beside one that was taken meanwhile is used. */
  readonly overwrite: boolean;
  readonly signal: AbortSignal;
  /** Called with a function that removes unfinished files, for a process that has to end at once. */
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

/** Gives the temporary file its name if that is free, which only the file system can decide between two processes. */
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

/** Flushes a folder's new names to the disk. Where folders cannot be opened for this (Windows) the system does so itself. */
function flushFolder(folder: string): void {
  try {
    const handle = openSync(folder, 'r');
    try {
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  } catch {
    // The files themselves are flushed; a name that a power cut may lose is no reason to fail the run.
  }
}
