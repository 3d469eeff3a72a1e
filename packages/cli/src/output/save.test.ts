import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkFolder } from './folder.ts';
import { saveFiles } from './save.ts';

let folder = '';
const signal = new AbortController().signal;
const bytes = (text: string) => Buffer.from(text);
const at = (name: string) => join(folder, name);
const content = () => Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(at(name), 'utf8')]));

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'easel-save-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

describe('saving', () => {
  it('leaves the files and nothing else', async () => {
    const files = [
      { path: at('a.png'), bytes: bytes('A') },
      { path: at('b.png'), bytes: bytes('B') },
    ];
    expect(await saveFiles(files, { overwrite: false, signal })).toEqual([at('a.png'), at('b.png')]);
    expect(content()).toEqual({ 'a.png': 'A', 'b.png': 'B' });
  });

  it('goes beside a file that appeared in the meantime', async () => {
    writeFileSync(at('a.png'), 'theirs');
    writeFileSync(at('a_2.png'), 'theirs too');
    expect(await saveFiles([{ path: at('a.png'), bytes: bytes('ours') }], { overwrite: false, signal })).toEqual([
      at('a_3.png'),
    ]);
    expect(content()).toEqual({ 'a.png': 'theirs', 'a_2.png': 'theirs too', 'a_3.png': 'ours' });
  });

  it('gives one name to exactly one of many at once and loses none', async () => {
    const all = Array.from({ length: 12 }, (_, index) =>
      saveFiles([{ path: at('a.png'), bytes: bytes(`${index}`) }], { overwrite: false, signal }),
    );
    const paths = (await Promise.all(all)).flat();
    expect(new Set(paths).size).toBe(12);
    expect(paths.filter((path) => path === at('a.png'))).toHaveLength(1);
    expect(paths.map((path) => readFileSync(path, 'utf8'))).toEqual(paths.map((_, index) => `${index}`));
    expect(readdirSync(folder)).toHaveLength(12);
  });

  it('replaces a file only when asked to', async () => {
    writeFileSync(at('a.png'), 'old');
    expect(await saveFiles([{ path: at('a.png'), bytes: bytes('new') }], { overwrite: true, signal })).toEqual([
      at('a.png'),
    ]);
    expect(content()).toEqual({ 'a.png': 'new' });
  });

  it('leaves nothing when one of the files cannot be written', async () => {
    const files = [
      { path: at('a.png'), bytes: bytes('A') },
      { path: at('none/b.png'), bytes: bytes('B') },
    ];
    await expect(saveFiles(files, { overwrite: false, signal })).rejects.toMatchObject({ code: 'output_unwritable' });
    expect(content()).toEqual({});
  });

  it('leaves nothing when it is aborted', async () => {
    const aborted = AbortSignal.abort(new Error('stopped'));
    await expect(
      saveFiles([{ path: at('a.png'), bytes: bytes('A') }], { overwrite: false, signal: aborted }),
    ).rejects.toThrow('stopped');
    expect(content()).toEqual({});
  });
});

describe('the check of a folder', () => {
  it('leaves no trace in a good one', () => {
    checkFolder(folder);
    expect(content()).toEqual({});
  });

  it('refuses what is missing, is a file, lies below a file, or takes no files, even as root', () => {
    writeFileSync(at('file'), '');
    expect(() => checkFolder(at('none'))).toThrow(
      expect.objectContaining({ message: expect.stringMatching(/does not exist$/), remedy: 'create it first' }),
    );
    expect(() => checkFolder(at('file'))).toThrow('it is not a folder');
    expect(() => checkFolder(at('file/below'))).toThrow('it is not a folder');
    if (process.platform === 'linux') expect(() => checkFolder('/proc')).toThrow('files cannot be created there');
  });
});
