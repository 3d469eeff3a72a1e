import { spawnSync } from 'node:child_process';
import { chmod, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { makePrivate, makePrivateFolder } from './private-folder.ts';

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'easel-private-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const modeOf = async (path: string) => (await stat(path)).mode & 0o777;

test.skipIf(process.platform === 'win32')('folders are made for this account only, whatever the umask', async () => {
  const top = await newFolder();
  const module = JSON.stringify(new URL('./private-folder.ts', import.meta.url).href);
  for (const umask of ['0', '022', '077', '0277']) {
    const code = `import { makePrivateFolder } from ${module};
      process.umask(0o${umask}); console.log(await makePrivateFolder(process.argv[1]));`;
    const folder = join(top, umask, 'a', 'b');
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', code, folder]);
    expect(String(stdout), String(stderr)).toBe('true\n');
    for (const made of [folder, join(folder, '..'), join(folder, '..', '..')]) expect(await modeOf(made)).toBe(0o700);
  }
});

test('a folder that is there stays as it is, and a file in its place is an error', async () => {
  const top = await newFolder();
  await chmod(top, 0o755);
  expect(await makePrivateFolder(top)).toBe(false);
  expect(await modeOf(top)).toBe(0o755);
  await makePrivate(top);
  expect(await modeOf(top)).toBe(0o700);
  await expect(makePrivateFolder(process.execPath)).rejects.toMatchObject({ code: 'EEXIST' });
});

test.runIf(process.platform === 'linux')('where no folder can be, it is an error and no endless attempt', async () => {
  await expect(makePrivateFolder('/proc/x/y')).rejects.toMatchObject({ code: 'ENOENT' });
});
