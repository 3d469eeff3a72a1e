import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../../../test/temporary-folder.ts';
import { engineThreads, readProcessors } from './processors.ts';

/** What a machine's kernel says, as files below a folder. */
async function machine(files: Readonly<Record<string, string>>): Promise<string> {
  const root = await temporaryFolder();
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), `${text}\n`);
  }
  return root;
}

const allowed = (list: string) => ({ 'proc/self/status': `Name:\tnode\nCpus_allowed_list:\t${list}\nVmRSS:\t1 kB` });
const siblings = (...cores: string[]) =>
  Object.fromEntries(
    cores.flatMap((core) =>
      core
        .split(',')
        .map((processor) => [`sys/devices/system/cpu/cpu${processor}/topology/thread_siblings_list`, core]),
    ),
  );
const v2 = (path: string, root = '/') => ({
  'proc/self/cgroup': `0::${path}`,
  'proc/self/mountinfo': `29 22 0:26 ${root} /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup rw,nsdelegate`,
});
const v1 = (path: string, root = '/') => ({
  'proc/self/cgroup': `5:memory:/other\n4:cpu,cpuacct:${path}\n0::/`,
  'proc/self/mountinfo': [
    `31 30 0:29 ${root} /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct`,
    '32 30 0:33 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory',
  ].join('\n'),
});

describe('cores', () => {
  test('two threads of a core are one core', async () => {
    const root = await machine({ ...allowed('0-3'), ...siblings('0,2', '1,3') });
    expect(readProcessors(root)).toEqual({ cores: 2 });
  });

  test('only cores on which the process may run count', async () => {
    expect(readProcessors(await machine({ ...allowed('0,2'), ...siblings('0,2', '1,3') }))).toEqual({ cores: 1 });
    expect(readProcessors(await machine({ ...allowed('0-1,8-9'), ...siblings('0', '1', '8', '9', '10') }))).toEqual({
      cores: 4,
    });
  });

  test('where the kernel does not tell the topology every processor counts', async () => {
    expect(readProcessors(await machine(allowed('0-5')))).toEqual({ cores: 6 });
  });

  test('of fast and slow cores the fast ones count, unless the process may only use slow ones', async () => {
    const intel = { ...siblings('0,1', '2,3', '4', '5', '6', '7'), 'sys/devices/cpu_core/cpus': '0-3' };
    expect(readProcessors(await machine({ ...allowed('0-7'), ...intel }))).toEqual({ cores: 2 });
    expect(readProcessors(await machine({ ...allowed('4-7'), ...intel }))).toEqual({ cores: 4 });
    const capacity = (values: readonly number[]) =>
      Object.fromEntries(values.map((value, cpu) => [`sys/devices/system/cpu/cpu${cpu}/cpu_capacity`, `${value}`]));
    const arm = await machine({ ...allowed('0-5'), ...capacity([420, 420, 420, 420, 1024, 1024]) });
    expect(readProcessors(arm)).toEqual({ cores: 2 });
  });
});

describe('quota', () => {
  test.each([
    ['150000 100000', 1.5],
    ['50000 100000', 0.5],
    ['400000 200000', 2],
  ])('cpu.max %s is read as %s processors', async (text, quota) => {
    const root = await machine({ ...allowed('0-7'), ...v2('/'), 'sys/fs/cgroup/cpu.max': text });
    expect(readProcessors(root)).toEqual({ cores: 8, quota });
  });

  test('max is no quota, and neither is -1', async () => {
    const files = { ...allowed('0-7'), ...v2('/a'), 'sys/fs/cgroup/a/cpu.max': 'max 100000' };
    expect(readProcessors(await machine(files))).toEqual({ cores: 8 });
    const old = { 'sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '-1' };
    const period = { 'sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us': '100000' };
    expect(readProcessors(await machine({ ...allowed('0-7'), ...v1('/'), ...old, ...period }))).toEqual({ cores: 8 });
  });

  test("a parent's lower quota counts", async () => {
    const groups = {
      'sys/fs/cgroup/pod/cpu.max': '250000 100000',
      'sys/fs/cgroup/pod/one/cpu.max': 'max 100000',
      'sys/fs/cgroup/pod/one/deep/cpu.max': '600000 100000',
    };
    const root = await machine({ ...allowed('0-7'), ...v2('/pod/one/deep'), ...groups });
    expect(readProcessors(root).quota).toBe(2.5);
  });

  test('the quota of cgroup v1 is read, also where a container sees its own group as the root', async () => {
    const group = (folder: string) => ({
      [`sys/fs/cgroup/cpu,cpuacct${folder}/cpu.cfs_quota_us`]: '350000',
      [`sys/fs/cgroup/cpu,cpuacct${folder}/cpu.cfs_period_us`]: '100000',
    });
    const direct = await machine({ ...allowed('0-7'), ...v1('/docker/ab'), ...group('/docker/ab') });
    expect(readProcessors(direct).quota).toBe(3.5);
    const mounted = await machine({ ...allowed('0-7'), ...v1('/docker/ab', '/docker/ab'), ...group('') });
    expect(readProcessors(mounted).quota).toBe(3.5);
  });

  test('a group outside of what a container sees is the mount itself', async () => {
    const files = { ...allowed('0-7'), ...v2('/../../elsewhere'), 'sys/fs/cgroup/cpu.max': '200000 100000' };
    expect(readProcessors(await machine(files)).quota).toBe(2);
  });
});

describe('threads', () => {
  test.each([
    [{ cores: 4 }, 4],
    [{ cores: 4, quota: 64 }, 4],
    [{ cores: 8, quota: 3 }, 3],
    [{ cores: 8, quota: 1.1 }, 1],
    [{ cores: 8, quota: 1.25 }, 2],
    [{ cores: 8, quota: 1.5 }, 2],
    [{ cores: 8, quota: 7.9 }, 8],
    [{ cores: 1, quota: 1.5 }, 1],
    [{ cores: 8, quota: 0.1 }, 1],
  ])('%j has %i threads', (processors, threads) => {
    expect(engineThreads(processors)).toBe(threads);
  });

  test('this process has at least one', () => {
    expect(engineThreads()).toBeGreaterThanOrEqual(1);
  });
});
