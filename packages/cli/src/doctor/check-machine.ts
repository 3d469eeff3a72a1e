import { statfsSync } from 'node:fs';
import { availableParallelism, cpus, freemem, totalmem } from 'node:os';
import { type Finding, failed, unwell, well } from './finding.ts';

const giga = 2 ** 30;
/** The embedded model and its process take about half of this. */
const leastMemory = 0.5 * giga;
const leastDisk = 0.1 * giga;

export function checkNode(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const detail = `${process.version}, ${process.platform} ${process.arch}`;
  if (major > 22 || (major === 22 && minor >= 18)) return well('node', detail);
  return unwell('node', detail, 'Node.js 22.18 or newer is needed');
}

export function checkProcessor(): Finding {
  return well('cores', `${availableParallelism()} × ${cpus()[0]?.model.trim() || 'unknown processor'}`);
}

export function checkMemory(): Finding {
  const detail = `${gigabytes(freemem())} free of ${gigabytes(totalmem())}`;
  if (freemem() >= leastMemory) return well('memory', detail);
  return unwell('memory', detail, `at least ${gigabytes(leastMemory)} should be free: end other programs`);
}

/** Free space where `folder` is. */
export function checkDisk(folder: string): Finding {
  try {
    const { bavail, bsize } = statfsSync(folder);
    const detail = `${gigabytes(bavail * bsize)} free in ${folder}`;
    return bavail * bsize >= leastDisk
      ? well('disk', detail)
      : unwell('disk', detail, 'free some space, or work in a folder on another disk');
  } catch (error) {
    return failed('disk', error, `is ${folder} still there?`);
  }
}

function gigabytes(bytes: number): string {
  return `${(bytes / giga).toFixed(1)} GiB`;
}
