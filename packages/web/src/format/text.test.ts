import { expect, test } from 'vitest';
import { credits, daysFrom, exactCredits, unreadEnd } from './text.ts';

test.each([
  ['A red apple and a PEAR ', 'a pear', 'a PEAR'],
  ['a prompt of word27 word28', 'word 2 7 word 2 8', 'word27 word28'],
  ['one two', '', 'one two'.slice(7)],
  ['a caf\u0065\u0301 noir', 'caf\u00e9 noir', 'caf\u00e9 noir'],
  ['short', 'much longer than short', 'much longer than short'],
])('the truncated end of %j is found by %j', (text, unread, expected) =>
  expect(unreadEnd(text, unread)).toBe(expected),
);

test('every day is listed once, across month ends, leap days and clock changes', () => {
  expect(daysFrom('2028-02-28', '2028-03-01')).toEqual(['2028-02-28', '2028-02-29', '2028-03-01']);
  expect(daysFrom('2026-10-20', '2026-11-18')).toHaveLength(30);
  expect(new Set(daysFrom('2026-03-01', '2026-04-30')).size).toBe(61);
  expect(daysFrom('2026-03-02', '2026-03-01')).toEqual([]);
});

test.each([
  [0, '0', '0'],
  [0.0037, '0.0037', '0.0037'],
  [0.001856, '0.00186', '0.001856'],
  [-0.000001, '-0.000001', '-0.000001'],
  [12.3456, '12.3', '12.3456'],
  [99.96, '100', '99.96'],
  [1234.5, '1,235', '1,234.5'],
])('%j credits are shown as %s, exactly %s', (amount, short, exact) => {
  expect(credits(amount)).toBe(short);
  expect(exactCredits(amount)).toBe(exact);
});
