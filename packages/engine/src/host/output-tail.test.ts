import { expect, test } from 'vitest';
import { OutputTail } from './output-tail.ts';

test('lines are put together from pieces, and the last one counts without its newline', () => {
  const seen: string[] = [];
  const tail = new OutputTail((line) => seen.push(line));
  for (const piece of ['one\ntw', 'o\r\n\n', 'thr', 'ee']) tail.write(piece);
  expect(seen).toEqual(['one', 'two']);
  tail.end();
  expect(seen).toEqual(['one', 'two', 'three']);
  expect(tail.lines).toEqual(seen);
});

test('only the last twenty lines are kept, and none is longer than 2000 characters', () => {
  const tail = new OutputTail(() => {});
  tail.write(Array.from({ length: 50 }, (_, i) => `${i} ${'x'.repeat(5000)}\n`).join(''));
  expect(tail.lines).toHaveLength(20);
  expect(tail.lines[0]).toMatch(/^30 x/);
  expect(tail.lines.every((line) => line.length === 2000)).toBe(true);
});

test('a line without an end does not grow without end', () => {
  const tail = new OutputTail(() => {});
  for (let i = 0; i < 100; i += 1) tail.write('x'.repeat(1000));
  tail.end();
  expect(tail.lines[0]).toHaveLength(2000);
});
