import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { hashOfSources } from './hash-of-sources.ts';

test('the name changes with content and names, not with times or tests', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'easel-hash-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, 'b'));
  await writeFile(join(folder, 'a.ts'), 'one');
  await writeFile(join(folder, 'b', 'c.ts'), 'two');
  const first = await hashOfSources([folder]);
  await utimes(join(folder, 'a.ts'), 1, 1);
  await writeFile(join(folder, 'a.test.ts'), 'a test');
  expect(await hashOfSources([folder])).toBe(first);
  await writeFile(join(folder, 'b', 'c.ts'), 'three');
  const second = await hashOfSources([folder]);
  expect(second).not.toBe(first);
  await writeFile(join(folder, 'd.ts'), '');
  expect(await hashOfSources([folder])).not.toBe(second);
});
