import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FilePlan, type OutputWish, planOutput } from './plan-output.ts';

let folder = '';

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'easel-plan-')));
});

afterEach(() => rmSync(folder, { recursive: true }));

const planAny = (wish: Partial<OutputWish>) =>
  planOutput({ overwrite: false, prompt: 'a red apple', seeds: [7], ...wish });

function plan(wish: Partial<OutputWish>): FilePlan {
  const planned = planAny(wish);
  if (planned.kind === 'stream') throw new Error('files were expected');
  return planned;
}

const names = (wish: Partial<OutputWish>) => plan(wish).paths.map((path) => path.replace(`${folder}/`, ''));

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
      /x-2\.png exists already; choose another name or add --overwrite/,
    );
    expect(() => plan({ output: join(folder, 'x.png'), seeds: [1, 2] })).toThrow(/x-2\.png exists already/);
    expect(names({ output: join(folder, 'x.png'), seeds: [1, 2], overwrite: true })).toEqual(['x-1.png', 'x-2.png']);
  });

  it('is overwritten where it really is when the name is a link', () => {
    writeFileSync(join(folder, 'real.png'), '');
    symlinkSync('real.png', join(folder, 'link.png'));
    expect(names({ output: join(folder, 'link.png'), overwrite: true })).toEqual(['real.png']);
    expect(() => plan({ output: join(folder, 'link.png') })).toThrow('exists already');
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
