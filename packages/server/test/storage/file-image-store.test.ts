import { mkdir, readdir, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { newImageName } from '../../src/ids.ts';
import { FileImageStore } from '../../src/pictures/file-image-store.ts';
import type { ByteRange, StoredImage } from '../../src/pictures/image-store.ts';
import { useTemporaryFolder } from '../support/temporary-folder.ts';

const folder = useTemporaryFolder();
const bytes = Uint8Array.from({ length: 1000 }, (_, index) => index % 251);
const signal = new AbortController().signal;

/** A store of the test's own, in a folder that does not exist yet. */
async function newStore() {
  const root = path.join(folder(), newImageName(), 'images');
  return { root, store: await FileImageStore.open(root) };
}

const fileOf = (root: string, name: string, ending = 'png') =>
  path.join(root, name.slice(0, 2), name.slice(2, 4), `${name}.${ending}`);

async function streamed(file: StoredImage | null, range?: ByteRange): Promise<Uint8Array> {
  return file === null ? new Uint8Array() : new Uint8Array(await buffer(file.stream(range)));
}

test('a picture that was put is read back, whole and in parts', async () => {
  const { store } = await newStore();
  const name = newImageName();
  await store.put(name, 'png', bytes);
  expect(new Uint8Array((await store.read(name, 'png')) ?? [])).toEqual(bytes);
  const whole = await store.open(name, 'png');
  expect(whole?.size).toBe(1000);
  expect(await streamed(whole)).toEqual(bytes);
  const part = await store.open(name, 'png');
  expect(await streamed(part, { start: 10, end: 19 })).toEqual(bytes.slice(10, 20));
});

test('what was never put, or was removed, is not there', async () => {
  const { store } = await newStore();
  const name = newImageName();
  expect(await store.open(name, 'jpeg')).toBeNull();
  await store.remove(name, 'jpeg');
  await store.put(name, 'jpeg', bytes);
  await store.remove(name, 'jpeg');
  expect(await store.read(name, 'jpeg')).toBeNull();
});

test('a picture is in a folder of few others, and nothing half-written is beside it', async () => {
  const { root, store } = await newStore();
  const name = newImageName();
  await store.put(name, 'webp', bytes);
  const files = await readdir(root, { recursive: true });
  expect(files.sort()).toEqual(
    [
      name.slice(0, 2),
      path.join(name.slice(0, 2), name.slice(2, 4)),
      path.relative(root, fileOf(root, name, 'webp')),
    ].sort(),
  );
});

test.each(['../../../etc/passwd', '', 'ABC', `${'a'.repeat(31)}/`])('%j is no name of a picture', async (name) => {
  const { store } = await newStore();
  await expect(store.read(name, 'png')).rejects.toThrow(TypeError);
});

test('a sweep removes old files that nobody knows and nothing else, and passes over what cannot be read', async () => {
  const { root, store } = await newStore();
  const inFolder = (first: string) => `${first}${newImageName().slice(2)}`;
  const [known, orphan, young] = [inFolder('01'), inFolder('02'), inFolder('03')];
  for (const name of [known, orphan, young]) await store.put(name, 'png', bytes);
  const partial = `${fileOf(root, orphan)}.partial-1`;
  const foreign = fileOf(root, orphan, 'txt');
  await mkdir(path.join(root, 'notes'));
  await writeFile(path.join(root, 'notes', 'mine.txt'), 'mine');
  for (const file of [partial, foreign]) await writeFile(file, 'x');
  const longAgo = new Date('2020-01-01');
  for (const file of [fileOf(root, known), fileOf(root, orphan), partial, foreign])
    await utimes(file, longAgo, longAgo);

  // As a file that a permission or the disk keeps from being read.
  await writeFile(path.join(root, '00'), 'no folder');
  const failures: string[] = [];
  const onFailure = (file: string) => failures.push(file);
  const olderThan = new Date('2021-01-01');
  const removed = await store.sweep({ olderThan, known: async () => new Set([known]), signal, onFailure });
  expect(failures).toEqual([path.join(root, '00')]);
  expect(removed).toBe(2);
  expect(await store.read(orphan, 'png')).toBeNull();
  expect(await store.read(known, 'png')).not.toBeNull();
  expect(await store.read(young, 'png')).not.toBeNull();
  expect(await readdir(path.dirname(foreign))).toContain(path.basename(foreign));
  expect(await readdir(path.join(root, 'notes'))).toEqual(['mine.txt']);
});

test('a sweep of a store without a folder finds nothing', async () => {
  const { store } = await newStore();
  const onFailure = (_path: string, error: unknown) => expect.unreachable(String(error));
  expect(await store.sweep({ olderThan: new Date(), known: async () => new Set(), signal, onFailure })).toBe(0);
});

test('a folder in the place of a picture is no picture, and is removed as one', async () => {
  const { root, store } = await newStore();
  const name = newImageName();
  await mkdir(fileOf(root, name), { recursive: true });
  expect(await store.open(name, 'png')).toBeNull();
  expect(await store.read(name, 'png')).toBeNull();
  await store.remove(name, 'png');
  await expect(stat(fileOf(root, name))).rejects.toThrow(/ENOENT/);
});
