import { CodedError } from '@easel/errors';
import { describe, expect, it } from 'vitest';
import { number, pictureSide, pictureSize, pixelPoint, pixelSize, wholeNumber } from './options.ts';

describe('a whole number', () => {
  const steps = wholeNumber('--steps', 1, 100);

  it('is taken within its range, ends included', () => {
    expect([steps('1'), steps('25'), steps('+7'), steps('100')]).toEqual([1, 25, 7, 100]);
    expect(Object.is(wholeNumber('--seed', -1, 9)('-0'), 0)).toBe(true);
  });

  it('is refused outside of it, and when it is no whole number, by name and with what was given', () => {
    for (const text of ['0', '101', '-1', '2.5', '1e2', '', ' 5', '0x10', 'many', '٣', '9'.repeat(400)]) {
      expect(() => steps(text), text).toThrow(CodedError);
    }
    expect(() => steps('101')).toThrow('--steps must be a whole number from 1 to 100 (got 101)');
    expect(() => steps('a b')).toThrow('(got "a b")');
  });

  it('reaches the largest seed without loss', () => {
    expect(wholeNumber('--seed', -1, 999_999_999_999_999)('999999999999999')).toBe(999_999_999_999_999);
  });
});

describe('a number', () => {
  const guidance = number('--guidance-scale', 0, 25);

  it('may have a fraction and an exponent', () => {
    expect([guidance('3'), guidance('3.5'), guidance('.5'), guidance('2.'), guidance('1e1')]).toEqual([
      3, 3.5, 0.5, 2, 10,
    ]);
  });

  it('is refused when it is out of range or no number', () => {
    for (const text of ['25.1', '-0.1', '1e3', 'NaN', 'Infinity', '', '3,5', '0x1'])
      expect(() => guidance(text), text).toThrow(CodedError);
  });
});

describe('a side of the picture', () => {
  const width = pictureSide('--width');

  it('is a multiple of 8 from 64 to 2048', () => {
    expect(['64', '1024', '1032', '2048'].map(width)).toEqual([64, 1024, 1032, 2048]);
  });

  it('is refused with the nearest sides that would do', () => {
    expect(() => width('100')).toThrow(
      expect.objectContaining({
        message: '--width must be a multiple of 8 from 64 to 2048 (got "100")',
        remedy: 'the nearest are 96 and 104',
      }),
    );
    expect(() => width('2047')).toThrow(expect.objectContaining({ remedy: 'the nearest are 2040 and 2048' }));
    for (const text of ['0', '56', '-64', '2056', '4096', '1e3', '64.0', '', 'wide', '9'.repeat(400)]) {
      expect(() => width(text), text).toThrow('multiple of 8 from 64 to 2048');
    }
  });
});

describe('a size', () => {
  it('is WIDTHxHEIGHT', () => {
    expect(pixelSize('--original-size')('768x1025')).toEqual({ width: 768, height: 1025 });
    expect(pictureSize('--size')('128X96')).toEqual({ width: 128, height: 96 });
  });

  it('is refused when it is anything else', () => {
    for (const text of ['768', '768x', 'x768', '0x10', '10x0', '1.5x2', '768x1024x3', '768 x 1024', '-8x8', '']) {
      expect(() => pixelSize('--size')(text), text).toThrow('--size must be WIDTHxHEIGHT');
    }
    expect(() => pictureSize('--size')('128x100')).toThrow('the height of --size must be a multiple of 8');
  });
});

describe('a point', () => {
  it('is X,Y', () => {
    expect(pixelPoint('--crop')('0,128')).toEqual({ x: 0, y: 128 });
    for (const text of ['1', '1,', ',1', '1;2', '-1,2', '1,2,3'])
      expect(() => pixelPoint('--crop')(text), text).toThrow('--crop must be X,Y');
  });
});
