import { fork, spawnSync } from 'node:child_process';
import { chmod, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path, { join } from 'node:path';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { DataDirInUse, defaultDataDir, lockDataDir, makePrivate, makePrivateFolder } from './data-folder.ts';
import { identityOf } from './process-identity.ts';

const user = 1000;

test('EASEL_DATA_DIR comes first, as an absolute path', () => {
  expect(defaultDataDir({ EASEL_DATA_DIR: '/srv/easel', XDG_DATA_HOME: '/xdg' }, 0)).toBe('/srv/easel');
  expect(defaultDataDir({ EASEL_DATA_DIR: 'here' }, user)).toBe(`${process.cwd()}/here`);
});

test('root keeps its data where other accounts can reach them', () => {
  expect(defaultDataDir({ HOME: '/home/ada', XDG_DATA_HOME: '/home/ada/.local/share', EASEL_DATA_DIR: '' }, 0)).toBe(
    '/var/lib/easel',
  );
});

test('a user’s data are where the XDG specification says', () => {
  expect(defaultDataDir({ HOME: '/home/ada', XDG_DATA_HOME: '/data' }, user)).toBe('/data/easel');
  expect(defaultDataDir({ HOME: '/home/ada', XDG_DATA_HOME: 'relative' }, user)).toBe('/home/ada/.local/share/easel');
  expect(defaultDataDir({ HOME: '/home/ada' }, user)).toBe('/home/ada/.local/share/easel');
});

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'easel-lock-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const lockFile = () => path.join(folder, 'serve.lock');
const claimOf = (identity: { pid: number; started: string }) =>
  JSON.stringify({ ...identity, token: crypto.randomUUID(), since: '2026-01-02T03:04:05.000Z' });

test('a folder has one owner until it is released', async () => {
  const lock = await lockDataDir(folder);
  await expect(lockDataDir(folder)).rejects.toThrow(DataDirInUse);
  await lock.release();
  await lock.release();
  await (await lockDataDir(folder)).release();
  expect(await readdir(folder)).toEqual([]);
});

test('the refusal names the folder, the owner and since when', async () => {
  const owner = await identityOf(process.ppid);
  await writeFile(lockFile(), claimOf(owner));
  await expect(lockDataDir(folder)).rejects.toMatchObject({
    message: `the data folder ${folder} is in use by process ${process.ppid} since 2026-01-02T03:04:05.000Z`,
    remedy: expect.stringContaining(`stop process ${process.ppid}`),
    pid: process.ppid,
    since: new Date('2026-01-02T03:04:05.000Z'),
  });
});

test('another name of the folder is no way around the lock', async () => {
  const lock = await lockDataDir(path.join(folder, 'data'));
  await symlink(lock.dataDir, path.join(folder, 'alias'));
  await expect(lockDataDir(path.join(folder, 'alias'))).rejects.toThrow(lock.dataDir);
  await lock.release();
});

test('the lock of a process that is no more is taken over: killed, its number reused, or its file torn by a power cut', async () => {
  const me = await identityOf(process.pid);
  const dead = [
    claimOf({ pid: 2 ** 22 + 1, started: me.started }),
    claimOf({ pid: process.ppid, started: `1${me.started}` }),
    '',
    '{"pid":1}',
    JSON.stringify({ ...me, token: '../../escape', since: '' }),
  ];
  for (const text of dead) {
    await writeFile(lockFile(), text);
    const lock = await lockDataDir(folder);
    expect(JSON.parse(await readFile(lockFile(), 'utf8')), text).toMatchObject(me);
    await lock.release();
    expect(await readdir(folder), text).toEqual([]);
  }
});

test('a process that died in the middle of taking over is succeeded too', async () => {
  const dead = (token: string) => JSON.stringify({ pid: 2 ** 22 + 1, started: 'x', since: '', token });
  await writeFile(lockFile(), dead('a'));
  await writeFile(`${lockFile()}.after-a`, dead('b'));
  await writeFile(`${lockFile()}.after-a.after-b`, dead('c'));
  await writeFile(`${lockFile()}.draft-d`, dead('d'));
  await (await lockDataDir(folder)).release();
  expect(await readdir(folder)).toEqual([]);
});

/** Tries for the lock at a given moment, says what came of it, and keeps it until it is killed. */
const contender = `
  import { lockDataDir } from ${JSON.stringify(path.join(import.meta.dirname, 'data-folder.ts'))};
  setInterval(() => {}, 60_000);
  process.send('ready');
  process.once('message', async () => {
    try { await lockDataDir(process.env.FOLDER); process.send('won'); }
    catch (error) { process.send(error.name); }
  });`;

test('of many that want a killed owner’s lock at once exactly one wins, time after time', async () => {
  const script = path.join(folder, 'contender.mjs');
  await writeFile(script, contender);
  const data = path.join(folder, 'data');
  for (let round = 0; round < 4; round += 1) {
    const children = Array.from({ length: 5 }, () =>
      fork(script, { execArgv: ['--conditions=@easel/source'], env: { ...process.env, FOLDER: data } }),
    );
    const next = () => Promise.all(children.map((child) => new Promise((resolve) => child.once('message', resolve))));
    try {
      await next();
      const outcomes = next();
      for (const child of children) child.send('go');
      expect((await outcomes).toSorted()).toEqual([...Array(4).fill('DataDirInUse'), 'won']);
    } finally {
      // The winner is killed with the lock in its hands: the next round has to take it over.
      await Promise.all(
        children.map(
          (child) =>
            new Promise((resolve) => {
              child.once('exit', resolve);
              child.kill('SIGKILL');
            }),
        ),
      );
    }
  }
  await (await lockDataDir(data)).release();
  expect(await readdir(data)).toEqual([]);
});

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'easel-private-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const modeOf = async (path: string) => (await stat(path)).mode & 0o777;

test.skipIf(process.platform === 'win32')('folders are made for this account only, whatever the umask', async () => {
  const top = await newFolder();
  const module = JSON.stringify(new URL('./data-folder.ts', import.meta.url).href);
  for (const umask of ['0', '022', '077', '0277']) {
    const code = `import { makePrivateFolder } from ${module};
      process.umask(0o${umask}); console.log(await makePrivateFolder(process.argv[1]));`;
    const folder = join(top, umask, 'a', 'b');
    const { stdout, stderr } = spawnSync(process.execPath, [
      '--conditions=@easel/source',
      '--input-type=module',
      '--eval',
      code,
      folder,
    ]);
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
