import fc from 'fast-check';
import { expect, test } from 'vitest';
import { allCombinations, pickAlternatives } from './alternatives.ts';

test.each([
  ['a fox', ['a fox']],
  ['a {red|blue} {fox|owl}', ['a red fox', 'a red owl', 'a blue fox', 'a blue owl']],
  ['{a|{b|c} d}', ['a', 'b d', 'c d']],
  ['a{| big} fox', ['a fox', 'a big fox']],
  ['{a|a}', ['a']],
  ['a \\{b\\|c\\} | d', ['a {b|c} | d']],
  ['a {curly} {b|c}', ['a {curly} b', 'a {curly} c']],
  ['{a|b', ['{a|b']],
  ['a|b}', ['a|b}']],
  ['{a|{b|c}', ['{a|b', '{a|c']],
  ['back\\slash {a|b}', ['back\\slash a', 'back\\slash b']],
  ['', ['']],
])('%j stands for %j', (prompt, expected) => {
  expect(allCombinations(prompt)).toEqual(expected);
});

test('a thousand combinations are drawn, and more are refused before any is made', () => {
  expect(allCombinations('{a|b|c|d|e|f|g|h|i|j}'.repeat(3))).toHaveLength(1000);
  expect(() => allCombinations(`${'{a|b|c|d|e|f|g|h|i|j}'.repeat(3)}{k|l}`)).toThrow('2000 combinations');
  expect(() => allCombinations('{a|b}'.repeat(2000))).toThrow('more than a million combinations');
});

test('a seed picks one of the combinations, always the same, and other seeds pick others', () => {
  const prompt = 'a {red|blue|green} {fox|{big|small} owl}';
  const all = allCombinations(prompt);
  const picks = Array.from({ length: 200 }, (_, seed) => pickAlternatives(prompt, seed));
  expect(new Set(picks)).toEqual(new Set(all));
  expect(picks).toEqual(Array.from({ length: 200 }, (_, seed) => pickAlternatives(prompt, seed)));
  expect(all).toContain(pickAlternatives(prompt, 999_999_999_999_999));
});

test('braces within braces are read to a depth of fifty, and no depth is too much', () => {
  expect(allCombinations(`${'{'.repeat(50)}a|b${'}'.repeat(50)}`)).toHaveLength(2);
  expect(pickAlternatives(`${'{a|'.repeat(20_000)}b${'}'.repeat(20_000)}`, 1)).toBeTypeOf('string');
});

test('no prompt makes it throw anything else, and one without | is itself', () => {
  const piece = fc.constantFrom('{', '}', '|', '\\', 'a', ' ', '{a|b}');
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const prompt = pieces.join('');
      expect(allCombinations(prompt)).toContain(pickAlternatives(prompt, 1));
    }),
  );
  fc.assert(
    fc.property(fc.string(), (text) => {
      const prompt = text.replaceAll(/[|\\]/g, '');
      expect(allCombinations(prompt)).toEqual([prompt]);
    }),
  );
});
