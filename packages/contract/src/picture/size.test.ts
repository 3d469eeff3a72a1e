import { expect, test } from 'vitest';
import { formatSize, parseSize } from './size.ts';

test('a size survives its text', () => {
  expect(parseSize(formatSize({ width: 1216, height: 832 }))).toEqual({ width: 1216, height: 832 });
});

test.each(['auto', '', '1024', '1024X1024', '0x8', '1024x', '1024x1024x3', ' 8x8', '99999x8'])(
  '%j is no size',
  (text) => {
    expect(parseSize(text)).toBeUndefined();
  },
);
