import { expect, test } from 'vitest';
import { breakLines, directionOf } from './break-lines.ts';

/** Of a font whose characters all have the same width. */
const upTo = (width: number) => (line: string) => [...line].length <= width;

test('lines break between words, which keep their punctuation', () => {
  expect(breakLines('a fox (red, small) in a "dark" forest.', 9, upTo(10))).toEqual([
    'a fox',
    '(red,',
    'small) in',
    'a "dark"',
    'forest.',
  ]);
  expect(breakLines('two\n lines', 3, upTo(20))).toEqual(['two lines']);
});

test.each([
  ['Chinese', '一只狐狸坐在森林里的石头上看着月亮。'],
  ['Japanese', '森の中で月を見ている小さな赤い狐の絵を描いてください。'],
  ['Thai', 'สุนัขจิ้งจอกตัวเล็กในป่ามองดูดวงจันทร์'],
  ['one long word', 'Donaudampfschifffahrtselektrizitätenhauptbetriebswerk'],
  ['symbols', '🦊'.repeat(30)],
])('a text without spaces is broken, too, and nothing of it is lost: %s', (_, text) => {
  const lines = breakLines(text, 100, upTo(8));
  expect(lines.join('')).toBe(text);
  expect(lines.length).toBeGreaterThan(1);
  for (const line of lines) expect([...line].length).toBeLessThanOrEqual(8);
});

test('no line begins with what ends a sentence', () => {
  for (let width = 6; width < 12; width += 1)
    for (const line of breakLines('森の中で、月を見ている。小さな狐、赤い狐。', 100, upTo(width)))
      expect(line).not.toMatch(/^[、。]/);
});

test('what does not fit is cut with an ellipsis, and the line with the ellipsis fits', () => {
  expect(breakLines('a red fox in a forest', 2, upTo(9))).toEqual(['a red fox', 'in a…']);
  for (const text of ['一只狐狸坐在森林里的石头上看着月亮', 'aaaaaaaa bbbbbbbb cccccccc', '👩‍👩‍👧'.repeat(9)]) {
    const lines = breakLines(text, 2, upTo(8));
    expect(lines).toHaveLength(2);
    expect(lines[1]).toMatch(/…$/);
    expect(lines.every(upTo(8))).toBe(true);
  }
});

test('a character of several code points is not torn apart', () => {
  for (const line of breakLines('👩‍👩‍👧'.repeat(6), 100, upTo(12))) expect(line).toMatch(/^(👩‍👩‍👧)+$/u);
});

test('a text has the direction of its first letter', () => {
  expect(['a fox', '2 שועלים', '«قطة» cat', '', '狐'].map(directionOf)).toEqual(['ltr', 'rtl', 'rtl', 'ltr', 'ltr']);
});
