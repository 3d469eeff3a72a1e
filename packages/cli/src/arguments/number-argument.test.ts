import { CodedError } from '@easel/errors';
import { describe, expect, it } from 'vitest';
import { number, wholeNumber } from './number-argument.ts';

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
