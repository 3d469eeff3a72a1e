import { describe, expect, it } from 'vitest';
import { formatReference, isSafePath, parseReference } from './reference.ts';

describe('a reference to the Hub', () => {
  it.each([
    ['segmind/SSD-1B', { repo: 'segmind/SSD-1B', revision: 'main' }],
    ['a/b@v1.0', { repo: 'a/b', revision: 'v1.0' }],
    ['a/b@refs/pr/3', { repo: 'a/b', revision: 'refs/pr/3' }],
    ['a/b:x/y.safetensors', { repo: 'a/b', revision: 'main', file: 'x/y.safetensors' }],
    ['a/b@v1:y.safetensors', { repo: 'a/b', revision: 'v1', file: 'y.safetensors' }],
  ])('%s is read, and written the same', (text, reference) => {
    expect(parseReference(text)).toEqual(reference);
    expect(formatReference(parseReference(text) ?? { repo: '', revision: '' })).toBe(text);
  });

  it.each([
    ['https://huggingface.co/a/b', { repo: 'a/b', revision: 'main' }],
    ['huggingface.co/a/b/', { repo: 'a/b', revision: 'main' }],
    ['https://huggingface.co/a/b/tree/fp16', { repo: 'a/b', revision: 'fp16' }],
    [
      'https://huggingface.co/a/b/blob/main/x.safetensors?download=true',
      { repo: 'a/b', revision: 'main', file: 'x.safetensors' },
    ],
  ])('the address of a page is one, too: %s', (text, reference) => {
    expect(parseReference(text)).toEqual(reference);
  });

  it.each(['sdxl', './a/b', '../a', 'a/b/c', '/a/b', 'a/..', 'a b/c', '', '-a/b', 'https://example.org/a/b', 'a--b/c'])(
    '%j is none',
    (text) => expect(parseReference(text)).toBeUndefined(),
  );

  it.each(['a/b@../x', 'a/b:../x', 'a/b:/etc/passwd', 'a/b:x\\y', 'a/b:c:d', 'a/b@x//y'])('%j is refused', (text) => {
    expect(() => parseReference(text)).toThrow(/names no valid/);
  });
});

describe('a path from the Hub', () => {
  it('stays in its folder on every system', () => {
    for (const path of ['a', 'a/b.json', 'a b/ü.txt', '.gitattributes', '..a/b'])
      expect(isSafePath(path), path).toBe(true);
    const bad = [
      '',
      '/',
      '/a',
      'a/',
      'a//b',
      '.',
      '..',
      'a/../b',
      './a',
      'a\\b',
      'C:a',
      'a\0b',
      'a\nb',
      'a:b',
      'x'.repeat(300),
    ];
    for (const path of bad) expect(isSafePath(path), path).toBe(false);
  });
});
