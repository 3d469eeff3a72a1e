import { statfsSync } from 'node:fs';
import { availableParallelism, cpus, freemem, totalmem } from 'node:os';
import { type Finding, failed, unwell, well } from './finding.ts';

const GIB = 2 ** 30;
/** The embedded model and its process take about half of this. */
const MIN_FREE_MEMORY = 0.5 * GIB;
const MIN_FREE_DISK = 0.1 * GIB;

export function checkNode(): Finding {
  const [major = 0] = process.versions.node.split('.').map(Number);
  const detail = `${process.version}, ${process.platform} ${process.arch}`;
  if (major >= 24) return well('node', detail);
  return unwell('node', detail, 'Node.js 24 or newer is needed');
}

export function checkProcessor(): Finding {
  const cores = availableParallelism();
  return well('cores', `${cores} × ${cpus()[0]?.model.trim() || 'unknown processor'}`, { cores });
}

export function checkMemory(): Finding {
  const values = { freeBytes: freemem(), totalBytes: totalmem() };
  const detail = `${gigabytes(values.freeBytes)} free of ${gigabytes(values.totalBytes)}`;
  if (values.freeBytes >= MIN_FREE_MEMORY) return well('memory', detail, values);
  return unwell('memory', detail, `at least ${gigabytes(MIN_FREE_MEMORY)} should be free: end other programs`, values);
}

/** Free space where `folder` is. */
export function checkDisk(folder: string): Finding {
  try {
    const { bavail, bsize } = statfsSync(folder);
    const values = { freeBytes: bavail * bsize };
    const detail = `${gigabytes(values.freeBytes)} free in ${folder}`;
    return values.freeBytes >= MIN_FREE_DISK
      ? well('disk', detail, values)
      : unwell('disk', detail, 'free some space, or work in a folder on another disk', values);
  } catch (error) {
    return failed('disk', error, `is ${folder} still there?`);
  }
}

function gigabytes(bytes: number): string {
  return `${(bytes / GIB).toFixed(1)} GiB`;
}
