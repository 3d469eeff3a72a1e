import { describe, expect, it } from 'vitest';
import { pictureSide, pictureSize, pointOf, sizeOf } from './size-argument.ts';

describe('a side of the picture', () => {
  const width = pictureSide('--width');

  it('is a multiple of 8 from 64 to 2048', () => {
    expect(['64', '1024', '1032', '2048'].map(width)).toEqual([64, 1024, 1032, 2048]);
  });

  it('is refused with the nearest sides that would do', () => {
    expect(() => width('100')).toThrow(
      '--width must be a multiple of 8 from 64 to 2048 (got "100"); the nearest are 96 and 104',
    );
    expect(() => width('2047')).toThrow('the nearest are 2040 and 2048');
    for (const text of ['0', '56', '-64', '2056', '4096', '1e3', '64.0', '', 'wide', '9'.repeat(400)]) {
      expect(() => width(text), text).toThrow('multiple of 8 from 64 to 2048');
    }
  });
});

describe('a size', () => {
  it('is WIDTHxHEIGHT', () => {
    expect(sizeOf('--original-size')('768x1025')).toEqual({ width: 768, height: 1025 });
    expect(pictureSize('--size')('128X96')).toEqual({ width: 128, height: 96 });
  });

  it('is refused when it is anything else', () => {
    for (const text of ['768', '768x', 'x768', '0x10', '10x0', '1.5x2', '768x1024x3', '768 x 1024', '-8x8', '']) {
      expect(() => sizeOf('--size')(text), text).toThrow('--size must be WIDTHxHEIGHT');
    }
    expect(() => pictureSize('--size')('128x100')).toThrow('the height of --size must be a multiple of 8');
  });
});

describe('a point', () => {
  it('is X,Y', () => {
    expect(pointOf('--crop')('0,128')).toEqual({ x: 0, y: 128 });
    for (const text of ['1', '1,', ',1', '1;2', '-1,2', '1,2,3'])
      expect(() => pointOf('--crop')(text), text).toThrow('--crop must be X,Y');
  });
});
