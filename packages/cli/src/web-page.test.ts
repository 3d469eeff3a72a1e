import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { hashSources } from './web-page.ts';

test('the name changes with content and names, not with times or tests', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'easel-hash-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, 'b'));
  await writeFile(join(folder, 'a.ts'), 'one');
  await writeFile(join(folder, 'b', 'c.ts'), 'two');
  const first = await hashSources([folder]);
  await utimes(join(folder, 'a.ts'), 1, 1);
  await writeFile(join(folder, 'a.test.ts'), 'a test');
  expect(await hashSources([folder])).toBe(first);
  await writeFile(join(folder, 'b', 'c.ts'), 'three');
  const second = await hashSources([folder]);
  expect(second).not.toBe(first);
  await writeFile(join(folder, 'd.ts'), '');
  expect(await hashSources([folder])).not.toBe(second);
});
