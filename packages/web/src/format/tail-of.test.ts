import { expect, test } from 'vitest';
import { tailOf } from './tail-of.ts';

test.each([
  ['A red apple and a PEAR ', 'a pear', 'a PEAR'],
  ['a prompt of word27 word28', 'word 2 7 word 2 8', 'word27 word28'],
  ['one two', '', 'one two'.slice(7)],
  ['a caf\u0065\u0301 noir', 'caf\u00e9 noir', 'caf\u00e9 noir'],
  ['short', 'much longer than short', 'much longer than short'],
])('the unread end of %j is found by %j', (text, unread, expected) => expect(tailOf(text, unread)).toBe(expected));
