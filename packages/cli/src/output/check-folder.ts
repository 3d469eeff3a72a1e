import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  rmdirSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { CodedError, systemCode } from '@easel/errors';
import { outputFailure } from './output-failure.ts';
import { temporaryName } from './temporary-name.ts';

/** About a small picture: a disk that does not take this much is full for our purposes. */
const probe = new Uint8Array(64 * 1024);

/**
 * Proves by writing that pictures can be saved in `folder`, before the time for making them is spent. Permission bits would not do:
 * they do not bind root, and say nothing of read-only mounts, special file systems and full disks.
 *
 * @throws CodedError `output_unwritable` or `disk_full`
 */
export function checkFolder(folder: string): void {
  requireFolder(folder);
  const path = temporaryName(folder);
  try {
    const file = openSync(path, 'wx');
    try {
      writeFileSync(file, probe); // unlike writeSync it goes on after a short write, up to the error
      fsyncSync(file); // some file systems find out about a full disk only now
    } finally {
      closeSync(file);
      unlinkSync(path);
    }
  } catch (error) {
    throw outputFailure(folder, error);
  }
}

/**
 * Creates the folder and those above it, one by one: Node's own `recursive` never returns on a file system that takes no folders
 * (/proc).
 *
 * @returns those that were not there, the outermost first
 * @throws CodedError `output_unwritable` or `disk_full`; then none is left behind
 */
export function createFolder(folder: string): string[] {
  const parent = dirname(folder);
  const above = parent !== folder && !existsSync(parent) ? createFolder(parent) : [];
  try {
    mkdirSync(folder);
    return [...above, folder];
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return above;
    removeEmptyFolders(above);
    throw outputFailure(folder, error);
  }
}

/** Removes what `createFolder` has created, as far as nothing is in it. */
export function removeEmptyFolders(created: readonly string[]): void {
  try {
    for (const folder of created.toReversed()) rmdirSync(folder);
  } catch {
    // It has files by now, or is gone.
  }
}

function requireFolder(folder: string): void {
  let isFolder: boolean;
  try {
    isFolder = statSync(folder).isDirectory();
  } catch (error) {
    if (systemCode(error) === 'ENOENT')
      throw new CodedError('output_unwritable', `the folder ${folder} does not exist; create it first`);
    throw outputFailure(folder, error);
  }
  if (!isFolder) throw new CodedError('output_unwritable', `cannot save in ${folder}: it is not a folder`);
}
