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

test('what could command a terminal or turn a line around is shown as unknown', () => {
  expect(formatTable([['a\u001b[31mred', 'b\r\nc', '\u202Ed']])).toBe('a\uFFFD[31mred  b\uFFFD\uFFFDc  \uFFFDd\n');
});
