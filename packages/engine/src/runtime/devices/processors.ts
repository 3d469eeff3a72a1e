import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

/** What this process may use of the machine. */
export interface Processors {
  /** Physical cores on which it may run; of a processor with fast and slow cores, the fast ones. */
  readonly cores: number;
  /** How many processors' time its control groups allow it, such as 1.5; absent: there is no limit. */
  readonly quota?: number;
}

/**
 * A thread more than the quota pays off from a quarter of a processor on. Measured with two cores (docs/performance.md): with a
 * quota of 1 a second thread costs a quarter of the speed, because both are stopped for the rest of each period; with 1.25 it
 * gains a fifth.
 */
const WORTH_A_THREAD = 0.25;

/**
 * How many threads the engine uses where nobody has chosen: one per physical core, because matrix products gain nothing from a
 * core's second thread, and no more than the quota has time for.
 */
export function engineThreads({ cores, quota = Number.POSITIVE_INFINITY }: Processors = readProcessors()): number {
  return Math.max(1, Math.min(cores, Math.floor(quota + 1 - WORTH_A_THREAD)));
}

/**
 * Affinity (`taskset`, cpusets), topology and control groups of this process, as Linux tells them; elsewhere every processor counts as a core.
 * `os.availableParallelism` alone counts both threads of a core, rounds a quota down, and sees no quota of cgroup v1 or of a parent group.
 *
 * @param root the folder that holds `proc` and `sys`
 */
export function readProcessors(root = '/'): Processors {
  const read = (path: string) => readText(join(root, path));
  const allowed = /^Cpus_allowed_list:\s*(\S+)$/m.exec(read('proc/self/status') ?? '')?.[1];
  if (allowed === undefined) return { cores: availableParallelism() };
  const quota = groupQuota(read);
  return { cores: coresOf(fastOnes(numbersOf(allowed), read), read), ...(quota !== undefined && { quota }) };
}

type Read = (path: string) => string | undefined;

const CPUS = 'sys/devices/system/cpu';

/** How many different cores the given processors belong to. */
function coresOf(processors: readonly number[], read: Read): number {
  const cores = processors.map(
    (processor) => read(`${CPUS}/cpu${processor}/topology/thread_siblings_list`) ?? `${processor}`,
  );
  return Math.max(1, new Set(cores).size);
}

/** Products are cut into equal pieces, so that a slow core would let all others wait. */
function fastOnes(processors: readonly number[], read: Read): readonly number[] {
  const performanceCores = read('sys/devices/cpu_core/cpus'); // Intel's hybrid processors
  const capacities = processors.map((processor) => Number(read(`${CPUS}/cpu${processor}/cpu_capacity`) ?? 1)); // Arm's
  const enough = 0.8 * Math.max(...capacities);
  const listed = performanceCores === undefined ? undefined : new Set(numbersOf(performanceCores));
  const fast = processors.filter((processor, index) => capacities[index] >= enough && listed?.has(processor) !== false);
  return fast.length > 0 ? fast : processors;
}

/** The lowest quota of this process's groups and of those above them: cgroups(7), cgroup v2 (`cpu.max`) and v1 (`cpu.cfs_quota_us`). */
function groupQuota(read: Read): number | undefined {
  const quotas = cpuGroups(read).flatMap(({ mountPoint, path }) =>
    pathsUpFrom(path).flatMap((folder) => quotaOf(join(mountPoint, folder), read)),
  );
  return quotas.length > 0 ? Math.min(...quotas) : undefined;
}

function quotaOf(folder: string, read: Read): number[] {
  const [quota, period] = read(join(folder, 'cpu.max'))?.split(' ') ?? [
    read(join(folder, 'cpu.cfs_quota_us')),
    read(join(folder, 'cpu.cfs_period_us')),
  ];
  const processors = Number(quota) / Number(period); // no number: `max`, or no such file
  return processors > 0 ? [processors] : [];
}

/** Where the groups are mounted that limit the processor, and this process's path below there. */
function cpuGroups(read: Read): { readonly mountPoint: string; readonly path: string }[] {
  const memberships = lines(read('proc/self/cgroup')).map((line) => {
    const [, controllers = '', ...path] = line.split(':');
    return { controllers: controllers.split(','), path: path.join(':') };
  });
  return lines(read('proc/self/mountinfo')).flatMap((line) => {
    // proc_pid_mountinfo(5): ID parent device root mountPoint options… - type source superOptions
    const [mount = '', filesystem = ''] = line.split(' - ');
    const [, , , root = '/', mountPoint = ''] = mount.split(' ');
    const [type, , superOptions = ''] = filesystem.split(' ');
    const controller = type === 'cgroup2' ? '' : 'cpu';
    if (type !== 'cgroup2' && !(type === 'cgroup' && superOptions.split(',').includes(controller))) return [];
    const own = memberships.find(({ controllers }) => controllers.includes(controller))?.path;
    return own === undefined ? [] : [{ mountPoint, path: below(root, own) }];
  });
}

/** A container's mount may begin at its own group, or lie outside what it sees; then its group is the mount itself. */
function below(root: string, path: string): string {
  const prefix = root === '/' ? '/' : `${root}/`;
  return path.startsWith(prefix) && !path.startsWith('/..') ? path.slice(prefix.length) : '';
}

/** `a/b` → `a/b`, `a`, `` */
function pathsUpFrom(path: string): string[] {
  const parts = path.split('/').filter(Boolean);
  return [...parts.map((_, index) => parts.slice(0, parts.length - index).join('/')), ''];
}

/** `0-2,5` → 0, 1, 2, 5 */
function numbersOf(list: string): number[] {
  return list.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}

function lines(text = ''): string[] {
  return text.split('\n').filter(Boolean);
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined; // not Linux, or a kernel without it
  }
}
