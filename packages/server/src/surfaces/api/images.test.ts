import { expect, test } from 'vitest';
import { byteRange } from './images.ts';

test.each([
  ['bytes=0-0', { start: 0, end: 0 }],
  ['bytes=2-', { start: 2, end: 9 }],
  ['bytes=8-99', { start: 8, end: 9 }],
  ['bytes=-3', { start: 7, end: 9 }],
  ['bytes=-99', { start: 0, end: 9 }],
  ['bytes=10-', 'unsatisfiable'],
  ['bytes=-0', 'unsatisfiable'],
])('%s of 10 bytes', (header, part) => {
  expect(byteRange(header, 10)).toEqual(part);
});

test.each([undefined, '', 'bytes=-', 'bytes=5-2', 'bytes=0-1,4-5', 'lines=1-2', 'bytes=a-b'])(
  'what is no single range of bytes (%s) is ignored',
  (header) => expect(byteRange(header, 10)).toBeNull(),
);
