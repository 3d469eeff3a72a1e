import { mkdir, readdir, readFile, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../test/temporary-folder.ts';
import { TextCache } from './text-cache.ts';

const encoding = {
  hidden: Float32Array.of(1, -2.5, Math.fround(Math.PI), -0, 1e-40),
  pooled: Float32Array.of(7),
};

async function emptyCache(maxBytes?: number) {
  const root = await temporaryFolder();
  const folder = join(root, 'texts');
  return { cache: new TextCache(root, maxBytes), root, folder, names: () => readdir(folder) };
}

test('what was put is got again, bit for bit, also by another process; nothing else is', async () => {
  const { cache, root } = await emptyCache();
  expect(await cache.get('a')).toBeUndefined();
  await cache.put('a', encoding);
  await cache.put('b', { hidden: Float32Array.of(3), pooled: new Float32Array() });
  expect(await new TextCache(root).get('a')).toEqual(encoding);
  expect(await cache.get('b')).toEqual({ hidden: Float32Array.of(3), pooled: new Float32Array() });
  expect(await cache.get('c')).toBeUndefined();
});

test('neither names nor content show the key, and only the owner may read', async () => {
  const { cache, folder, names } = await emptyCache();
  await cache.put('a secret prompt', encoding);
  const [name = ''] = await names();
  expect(name).toMatch(/^[0-9a-f]{64}$/);
  expect((await readFile(join(folder, name), 'latin1')).includes('secret')).toBe(false);
  expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
  expect((await stat(folder)).mode & 0o777).toBe(0o700);
});

test.each<[string, (file: string) => Promise<void>]>([
  ['that was cut off', (file) => truncate(file, 150)],
  ['that is empty', (file) => truncate(file, 0)],
  [
    'with a changed bit',
    async (file) => {
      const bytes = await readFile(file);
      bytes[bytes.length - 3] = (bytes.at(-3) ?? 0) ^ 1;
      await writeFile(file, bytes);
    },
  ],
  ['with something at its end', async (file) => writeFile(file, Buffer.concat([await readFile(file), Buffer.of(0)]))],
  ['of something else', (file) => writeFile(file, '{"format":"easel-text-1","hidden":1,"pooled":0}\nabcd')],
])('an entry %s is not used but deleted, and can be made again', async (_, damage) => {
  const { cache, folder, names } = await emptyCache();
  await cache.put('a', encoding);
  const [name = ''] = await names();
  await damage(join(folder, name));
  expect(await cache.get('a')).toBeUndefined();
  expect(await names()).toEqual([]);
  await cache.put('a', encoding);
  expect(await cache.get('a')).toEqual(encoding);
});

test('an entry under the name of another is not taken for it', async () => {
  const { cache, folder, names } = await emptyCache();
  await cache.put('a', encoding);
  const [nameOfA = ''] = await names();
  await cache.put('b', { ...encoding, pooled: Float32Array.of(8) });
  const nameOfB = (await names()).find((name) => name !== nameOfA) ?? '';
  await writeFile(join(folder, nameOfA), await readFile(join(folder, nameOfB)));
  expect(await cache.get('a')).toBeUndefined();
  expect(await cache.get('b')).toBeDefined();
});

test('it stays within its size: the least recently used go first, and files of others stay', async () => {
  const { cache, folder, names } = await emptyCache(700); // 4 entries of about 150 bytes
  await mkdir(folder);
  await writeFile(join(folder, 'README'), 'x'.repeat(5000));
  const long = (at: number) => new Date(Date.UTC(2020, 0, at));
  for (const [at, key] of ['a', 'b', 'c'].entries()) {
    const before = new Set(await names().catch(() => []));
    await cache.put(key, encoding);
    const [name = ''] = (await names()).filter((each) => !before.has(each));
    await utimes(join(folder, name), long(at + 1), long(at + 1));
  }
  await cache.get('a'); // now the most recently used
  for (const key of ['d', 'e', 'f']) await cache.put(key, encoding);
  const kept = ['a', 'b', 'c', 'd', 'e', 'f'].map(async (key) => ((await cache.get(key)) ? key : ''));
  expect((await Promise.all(kept)).join('')).toBe('adef');
  expect(await names()).toHaveLength(5);
});

test('what a killed process left is deleted after a while, and what another writes now is not', async () => {
  const { cache, folder, names } = await emptyCache();
  await mkdir(folder);
  const left = '.abc.01234567-89ab-cdef-0123-456789abcdef';
  const current = '.abc.11234567-89ab-cdef-0123-456789abcdef';
  for (const name of [left, current]) await writeFile(join(folder, name), 'x');
  await utimes(join(folder, left), new Date(0), new Date(0));
  await cache.put('a', encoding);
  expect(await names()).toContain(current);
  expect(await names()).not.toContain(left);
});

test('many at once leave whole entries', async () => {
  const { cache, root, names } = await emptyCache();
  const caches = Array.from({ length: 8 }, () => new TextCache(root));
  await Promise.all(caches.map((each) => each.put('a', encoding)));
  expect(await cache.get('a')).toEqual(encoding);
  expect(await names()).toHaveLength(1);
});

test('where nothing can be written it is empty, and no error', async () => {
  const root = await temporaryFolder();
  await writeFile(join(root, 'texts'), 'a file');
  const cache = new TextCache(root);
  await cache.put('a', encoding);
  expect(await cache.get('a')).toBeUndefined();
});
