import { statfsSync } from 'node:fs';
import { checkFolder, createFolder } from '../output/folder.ts';
import { type Finding, fail, failWith, pass } from './doctor-finding.ts';

const GIB = 2 ** 30;
/** The embedded model and its process take about half of this. */
const MIN_FREE_MEMORY = 0.5 * GIB;
const MIN_FREE_DISK = 0.1 * GIB;

export function checkNode(): Finding {
  const [major = 0] = process.versions.node.split('.').map(Number);
  const detail = `${process.version}, ${process.platform} ${process.arch}`;
  if (major >= 24) return pass('node', detail);
  return fail('node', detail, 'Node.js 24 or newer is required');
}

/** In a container: free below its limit, and the limit. */
export function checkMemory(totalBytes: number): Finding {
  const values = { freeBytes: process.availableMemory(), totalBytes };
  const detail = `${gigabytes(values.freeBytes)} free of ${gigabytes(values.totalBytes)}`;
  if (values.freeBytes >= MIN_FREE_MEMORY) return pass('memory', detail, values);
  return fail('memory', detail, `at least ${gigabytes(MIN_FREE_MEMORY)} should be free: close other programs`, values);
}

/** Free space in the file system of `folder`. */
export function checkDisk(folder: string): Finding {
  try {
    const { bavail, bsize } = statfsSync(folder);
    const values = { freeBytes: bavail * bsize };
    const detail = `${gigabytes(values.freeBytes)} free in ${folder}`;
    return values.freeBytes >= MIN_FREE_DISK
      ? pass('disk', detail, values)
      : fail('disk', detail, 'free some space, or use a folder on another disk', values);
  } catch (error) {
    return failWith('disk', error, `check that ${folder} still exists`);
  }
}

export function checkOutput(folder: string): Finding {
  try {
    checkFolder(folder);
    return pass('output', `${folder} is writable`);
  } catch (error) {
    return failWith(
      'output',
      error,
      'pictures are saved in the current folder by default; choose another with --output',
    );
  }
}

export function checkCache(folder: string): Finding {
  try {
    createFolder(folder);
    checkFolder(folder);
    return pass('cache', `${folder} is writable`);
  } catch (error) {
    return failWith('cache', error, 'set XDG_CACHE_HOME to a writable folder');
  }
}

function gigabytes(bytes: number): string {
  return `${(bytes / GIB).toFixed(1)} GiB`;
}
