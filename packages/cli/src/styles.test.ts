import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { findStyle, readOwnStyles, removeStyle, saveStyle, stylesFile } from './styles.ts';

let env: { readonly XDG_CONFIG_HOME: string };
beforeEach(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'easel-styles-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  env = { XDG_CONFIG_HOME: folder };
});

const mine = { name: 'mine', prompt: 'a sketch of {prompt}', negativePrompt: 'colour' };

test('styles are saved, replaced, found beside those of Easel, and removed', async () => {
  expect(await readOwnStyles(env)).toEqual([]);
  await saveStyle({ ...mine, prompt: '{prompt}' }, env);
  await saveStyle({ name: 'also', prompt: '{prompt}, again' }, env);
  await saveStyle(mine, env);
  expect(await readOwnStyles(env)).toEqual([{ name: 'also', prompt: '{prompt}, again' }, mine]);
  expect(await findStyle('mine', env)).toEqual(mine);
  expect(await findStyle('ink', env)).toMatchObject({ name: 'ink' });
  await removeStyle('mine', env);
  expect(await readOwnStyles(env)).toHaveLength(1);
  expect(await readdir(dirname(stylesFile(env)))).toEqual(['styles.json']);
});

test('what cannot be saved or found is refused, and changes nothing', async () => {
  await saveStyle(mine, env);
  const before = await readFile(stylesFile(env));
  await expect(saveStyle({ name: 'ink', prompt: '{prompt}' }, env)).rejects.toThrow("a style of Easel's own");
  await expect(saveStyle({ name: 'x', prompt: 'nothing' }, env)).rejects.toThrow('must have {prompt} once');
  await expect(removeStyle('ink', env)).rejects.toThrow('cannot be removed');
  await expect(removeStyle('x', env)).rejects.toMatchObject({ code: 'usage', remedy: 'yours are mine' });
  await expect(findStyle('Ink', env)).rejects.toMatchObject({ code: 'usage', remedy: expect.stringContaining('ink') });
  expect(await readFile(stylesFile(env))).toEqual(before);
});

test.each([
  ['not JSON', 'must be a JSON object'],
  ['[]', 'must be a JSON object'],
  ['{"mine": "{prompt}"}', 'must have prompt'],
  ['{"mine": {"prompt": 1}}', 'must have prompt'],
  ['{"Two Words": {"prompt": "{prompt}"}}', 'name must be'],
])('a file with %s is refused by name, and kept', async (text, message) => {
  await saveStyle(mine, env);
  await writeFile(stylesFile(env), text);
  await expect(saveStyle(mine, env)).rejects.toMatchObject({
    code: 'settings_invalid',
    message: expect.stringContaining(message),
  });
  expect(await readFile(stylesFile(env), 'utf8')).toBe(text);
});
