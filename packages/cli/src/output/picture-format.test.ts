import { describe, expect, it } from 'vitest';
import { formatFor } from './picture-format.ts';

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
    expect(() => formatFor('a.gif', undefined)).toThrow('.gif files are not written');
    expect(() => formatFor('a.bmp', 'png')).toThrow('.bmp files are not written');
  });
});
