import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type FilePlan,
  formatFor,
  freeName,
  type OutputRequest,
  planOutput,
  previewName,
  slug,
  withSuffix,
} from './plan.ts';

let folder = '';

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'easel-plan-')));
});

afterEach(() => rmSync(folder, { recursive: true }));

const planAny = (wish: Partial<OutputRequest>) =>
  planOutput({ overwrite: false, prompt: 'a red apple', seeds: [7], ...wish });

function plan(wish: Partial<OutputRequest>): FilePlan {
  const planned = planAny(wish);
  if (planned.kind === 'stream') throw new Error('files were expected');
  return planned;
}

const names = (wish: Partial<OutputRequest>) => plan(wish).paths.map((path) => path.replace(`${folder}/`, ''));

describe('where the pictures go', () => {
  it('is the file that was asked for', () => {
    expect(plan({ output: join(folder, 'x.webp') })).toEqual({
      kind: 'files',
      format: 'webp',
      folder,
      createFolder: false,
      paths: [join(folder, 'x.webp')],
      named: true,
      overwrite: false,
    });
  });

  it('is numbered for several pictures', () => {
    expect(names({ output: join(folder, 'x.png'), seeds: [7, 8, 9] })).toEqual(['x-1.png', 'x-2.png', 'x-3.png']);
  });

  it('is named after prompt and seed in a folder', () => {
    expect(names({ output: folder })).toEqual(['a-red-apple-7.png']);
    expect(names({ output: folder, seeds: [7, 8], format: 'jpeg' })).toEqual([
      'a-red-apple-7.jpg',
      'a-red-apple-8.jpg',
    ]);
    expect(names({ output: folder, seeds: [7, 7] })).toEqual(['a-red-apple-7-1.png', 'a-red-apple-7-2.png']);
    expect(plan({}).paths).toEqual(['a-red-apple-7.png']);
  });

  it('is a folder to be created when the name ends in a slash', () => {
    expect(plan({ output: join(folder, 'new/') })).toMatchObject({ folder: join(folder, 'new/'), createFolder: true });
    expect(names({ output: join(folder, 'new/') })).toEqual(['new/a-red-apple-7.png']);
    expect(plan({ output: `${folder}/` }).createFolder).toBe(false);
  });

  it('is a stream for -, for a pipe and for a device, and takes one picture', () => {
    expect(planAny({ output: '-' })).toEqual({ kind: 'stream', format: 'png', path: undefined });
    expect(planAny({ output: '/dev/stdout', format: 'webp' })).toMatchObject({ format: 'webp', path: undefined });
    expect(planAny({ output: '/dev/null', overwrite: true })).toEqual({
      kind: 'stream',
      format: 'png',
      path: '/dev/null',
    });
    expect(() => planAny({ output: '-', seeds: [1, 2] })).toThrow('--output - takes one picture (got --samples 2)');
    writeFileSync(join(folder, '-'), '');
    expect(planAny({ output: join(folder, '-'), overwrite: true }).kind).toBe('files');
  });

  it('is the name of prompt and seed itself when that may be overwritten', () => {
    writeFileSync(join(folder, 'a-red-apple-7.png'), '');
    expect(names({ output: folder, overwrite: true })).toEqual(['a-red-apple-7.png']);
  });

  it('is a free name when it was not asked for', () => {
    writeFileSync(join(folder, 'a-red-apple-7.png'), '');
    symlinkSync('nowhere', join(folder, 'a-red-apple-7_2.png'));
    expect(names({ output: folder })).toEqual(['a-red-apple-7_3.png']);
  });
});

describe('an existing file', () => {
  it('is refused before anything else happens', () => {
    writeFileSync(join(folder, 'x-2.png'), 'precious');
    expect(() => plan({ output: join(folder, 'x-2.png') })).toThrow(
      expect.objectContaining({ code: 'output_exists', message: expect.stringMatching(/x-2\.png already exists$/) }),
    );
    expect(() => plan({ output: join(folder, 'x.png'), seeds: [1, 2] })).toThrow(/x-2\.png already exists/);
    expect(names({ output: join(folder, 'x.png'), seeds: [1, 2], overwrite: true })).toEqual(['x-1.png', 'x-2.png']);
  });

  it('is overwritten where it really is when the name is a link', () => {
    writeFileSync(join(folder, 'real.png'), '');
    symlinkSync('real.png', join(folder, 'link.png'));
    expect(names({ output: join(folder, 'link.png'), overwrite: true })).toEqual(['real.png']);
    expect(() => plan({ output: join(folder, 'link.png') })).toThrow('already exists');
  });

  it('is not overwritten when it is a folder or a link to nowhere', () => {
    symlinkSync('nowhere', join(folder, 'dangling.png'));
    mkdirSync(join(folder, 'folder-1.png'));
    expect(() => plan({ output: join(folder, 'dangling.png'), overwrite: true })).toThrow('is not a regular file');
    expect(() => plan({ output: join(folder, 'folder.png'), seeds: [1, 2], overwrite: true })).toThrow(
      'is not a regular file',
    );
  });
});

describe('a name that cannot be', () => {
  it('is refused: empty, or too long', () => {
    expect(() => plan({ output: '' })).toThrow('--output is empty');
    expect(() => plan({ output: join(folder, `${'x'.repeat(300)}.png`) })).toThrow('the name is too long');
  });
});

describe('a name made of a prompt', () => {
  it('is its words in lower case with hyphens', () => {
    expect(slug('A red apple, on blue!')).toBe('a-red-apple-on-blue');
    expect(slug('  Ein Füchslein – 雪の中  ')).toBe('ein-füchslein-雪の中');
  });

  it('has nothing in it that means something in a path', () => {
    expect(slug('../../etc/passwd\0 ~ $HOME\n')).toBe('etc-passwd-home');
    expect(slug('-rf')).toBe('rf');
  });

  it('ends at a word within 80 bytes', () => {
    const name = slug('déjà vu '.repeat(40));
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(80);
    expect(name).toMatch(/^(déjà-vu-)+(déjà|déjà-vu)$/);
  });

  it('is "picture" when no word can be used', () => {
    for (const prompt of ['', '!?', '🦊', 'x'.repeat(300)]) expect(slug(prompt)).toBe('picture');
  });
});

describe('variants of a name', () => {
  it('come before the extension', () => {
    expect(withSuffix('a.b/out.png', '-2')).toBe('a.b/out-2.png');
    expect(withSuffix('a.b/out', '-2')).toBe('a.b/out-2');
    expect(previewName('a.b/out.jpg')).toBe('a.b/out.preview.png');
    expect(previewName('/out')).toBe('/out.preview.png');
  });

  it('are tried until one is free', () => {
    const taken = new Set(['o.png', 'o_2.png', 'o_3.png']);
    expect(freeName('o.png', (path) => taken.has(path))).toBe('o_4.png');
    expect(freeName('p.png', (path) => taken.has(path))).toBe('p.png');
  });
});

describe('the format of a file', () => {
  it('is that of its extension, else PNG', () => {
    expect(
      ['a.png', 'a.JPG', 'a.jpeg', 'b.webp', 'noext', 'a.b/c', 'v1.5'].map((path) => formatFor(path, undefined)),
    ).toEqual(['png', 'jpeg', 'jpeg', 'webp', 'png', 'png', 'png']);
  });

  it('can be asked for where the extension says nothing', () => {
    expect(formatFor('picture', 'webp')).toBe('webp');
    expect(formatFor(undefined, 'jpeg')).toBe('jpeg');
    expect(formatFor('a.jpg', 'jpeg')).toBe('jpeg');
  });

  it('never contradicts the extension', () => {
    expect(() => formatFor('a.png', 'jpeg')).toThrow('--format jpeg contradicts the extension');
    expect(() => formatFor('a.gif', undefined)).toThrow('.gif files are not supported');
    expect(() => formatFor('a.bmp', 'png')).toThrow('.bmp files are not supported');
  });
});
