import { randomBytes } from 'node:crypto';
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
import { dirname, join } from 'node:path';
import { CodedError, systemCode } from '@easel/errors';

/** About a small picture: a disk without room for this is full for our purposes. */
const probe = new Uint8Array(64 * 1024);

/**
 * Proves by writing that pictures can be saved in `folder`, before time is spent on making them. Permission bits are not enough: they
 * do not bind root, and say nothing about read-only mounts, special file systems and full disks.
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
 * Creates the folder and those above it, one by one: Node's own `recursive` never returns on a file system without folders that
 * can be created (/proc).
 *
 * @returns those that did not exist, the outermost first
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

/** Removes what `createFolder` has created, as far as it is empty. */
export function removeEmptyFolders(created: readonly string[]): void {
  try {
    for (const folder of created.toReversed()) rmdirSync(folder);
  } catch {
    // It has files by now, or no longer exists.
  }
}

function requireFolder(folder: string): void {
  let isFolder: boolean;
  try {
    isFolder = statSync(folder).isDirectory();
  } catch (error) {
    if (systemCode(error) === 'ENOENT')
      throw new CodedError('output_unwritable', `the folder ${folder} does not exist`, { remedy: 'create it first' });
    throw outputFailure(folder, error);
  }
  if (!isFolder) throw new CodedError('output_unwritable', `cannot save in ${folder}: it is not a folder`);
}

/** A hidden name of its own in `folder`, recognisable should a killed process ever leave it behind. */
export function temporaryName(folder: string): string {
  return join(folder, `.easel-${process.pid}-${randomBytes(6).toString('hex')}.tmp`);
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOENT: 'files cannot be created there',
  ENOTDIR: 'it is not a folder',
  ENAMETOOLONG: 'the name is too long',
  EIO: 'the disk reports an error',
  ELOOP: 'its links go in a circle',
};

/** Explains a failed system call in `folder`. */
export function outputFailure(folder: string, thrown: unknown): CodedError {
  if (thrown instanceof CodedError) return thrown;
  const code = systemCode(thrown);
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    const full = code === 'ENOSPC' ? 'the disk is full' : 'your quota on the disk is used up';
    return new CodedError('disk_full', `cannot save in ${folder}: ${full}; nothing was saved`, { cause: thrown });
  }
  const reason = code === undefined ? String(thrown) : (reasons[code] ?? code);
  return new CodedError('output_unwritable', `cannot save in ${folder}: ${reason}`, {
    cause: thrown,
  });
}
