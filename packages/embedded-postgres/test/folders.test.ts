import { chmod, chown, lstat, mkdir, readdir, rename, stat, symlink } from 'node:fs/promises';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../src/embedded-postgres.ts';
import { isRoot, newDataDir, query, start } from './server-in-test.ts';

const answers = ({ connection }: EmbeddedPostgres) => query(connection, 'select 1');

test('odd names work: spaces, commas, quotes, dollars, other scripts', async () => {
  const server = await start({ dataDir: await newDataDir(`an "odd", it's $HOME; 数据 %n`) });
  expect(await answers(server)).toEqual([[1]]);
});

test('a path too long for a socket gets a private folder under /tmp, that goes with the server', async () => {
  const server = await start({ dataDir: await newDataDir('long-'.repeat(24)) });
  const { host } = server.connection;
  expect(host).toMatch(/^\/tmp\/easel-\d+-[0-9a-f]{16}$/);
  expect((await stat(host)).mode & 0o777).toBe(0o700);
  expect(await answers(server)).toEqual([[1]]);
  await server.stop();
  await expect(lstat(host)).rejects.toThrow('ENOENT');
});

test('a socket folder that somebody else has laid out is refused', async ({ skip }) => {
  if (!isRoot) skip('only root can make a file of another user');
  const dataDir = await newDataDir('long-'.repeat(24));
  const server = await startEmbeddedPostgres({ dataDir });
  const { host } = server.connection;
  await server.stop();
  await mkdir(host);
  onTestFinished(() => rename(host, path.join(path.dirname(dataDir), 'trap')));
  await chown(host, 12_345, 12_345);
  await expect(startEmbeddedPostgres({ dataDir })).rejects.toThrow(`${host} is not a folder of the user`);
});

test('two spellings of a folder are one folder', async () => {
  const dataDir = await newDataDir();
  const server = await start({ dataDir });
  const alias = path.join(path.dirname(dataDir), 'alias');
  await symlink(dataDir, alias);
  expect(await start({ dataDir: alias })).toMatchObject({ pid: server.pid, adopted: true });
});

test('the mode of restored data is put right', async () => {
  const dataDir = await newDataDir();
  await (await start({ dataDir })).stop();
  const data = path.join(dataDir, 'postgres', 'data');
  for (const mode of [0o755, 0o777, 0o500]) {
    await chmod(data, mode);
    const server = await start({ dataDir });
    expect(await answers(server)).toEqual([[1]]);
    expect((await stat(data)).mode & 0o777).toBe(0o700);
    await server.stop();
  }
});

test('the owner of data that root restored is put right', async ({ skip }) => {
  if (!isRoot) skip('only root can give files away');
  const dataDir = await newDataDir();
  await (await start({ dataDir })).stop();
  const data = path.join(dataDir, 'postgres', 'data');
  for (const name of ['', ...(await readdir(data, { recursive: true }))]) await chown(path.join(data, name), 0, 0);
  expect(await answers(await start({ dataDir }))).toEqual([[1]]);
  expect((await stat(path.join(data, 'base'))).uid).not.toBe(0);
});

test('an empty folder in the place of the data is filled', async () => {
  const dataDir = await newDataDir();
  await mkdir(path.join(dataDir, 'postgres', 'data'), { recursive: true });
  expect(await answers(await start({ dataDir }))).toEqual([[1]]);
});
