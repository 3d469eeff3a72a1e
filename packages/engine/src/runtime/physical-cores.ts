import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** Matrix products gain nothing from a core's second thread. Where the system does not tell, all threads count. */
export function physicalCores(): number {
  const allowed = availableParallelism();
  return Math.max(1, Math.min(allowed, linuxCores() ?? allowed));
}

function linuxCores(): number | undefined {
  try {
    const blocks = readFileSync('/proc/cpuinfo', 'utf8').split('\n\n');
    const cores = blocks.flatMap((block) => {
      const socket = /^physical id\s*: (\d+)$/m.exec(block)?.[1];
      const core = /^core id\s*: (\d+)$/m.exec(block)?.[1];
      return socket !== undefined && core !== undefined ? [`${socket}/${core}`] : [];
    });
    return cores.length > 0 ? new Set(cores).size : undefined;
  } catch {
    return undefined; // not Linux
  }
}
