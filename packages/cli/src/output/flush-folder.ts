import { closeSync, fsyncSync, openSync } from 'node:fs';

/** Puts a folder's new names on the disk. Where folders cannot be opened for this (Windows) the system sees to it by itself. */
export function flushFolder(folder: string): void {
  try {
    const handle = openSync(folder, 'r');
    try {
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  } catch {
    // The files themselves are flushed; a name that a power cut takes back is no reason to fail the run.
  }
}
