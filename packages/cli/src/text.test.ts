import { expect, test } from 'vitest';
import { formatTable } from './text.ts';

test('columns are as wide as their widest cell, and lines do not end in spaces', () => {
  expect(
    formatTable([
      ['id', 'name'],
      ['1', 'a long one'],
      ['20', 'b'],
    ]),
  ).toBe('id  name\n1   a long one\n20  b\n');
});
