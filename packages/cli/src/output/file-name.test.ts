import { describe, expect, it } from 'vitest';
import { freeName, previewName, slug, withSuffix } from './file-name.ts';

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
