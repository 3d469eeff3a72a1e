import fc from 'fast-check';
import { expect, test } from 'vitest';
import { combinationCount, combinationsOf, pickAlternatives, promptLines } from './alternatives.ts';

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
  expect(combinationsOf(prompt)).toEqual(expected);
});

test('combinations are counted without being made', () => {
  expect(combinationCount('a {red|blue} {fox|owl}')).toBe(4);
  expect(combinationCount('{a|{b|c} d}')).toBe(3);
  expect(combinationCount('a fox')).toBe(1);
  expect(combinationCount('{a|b}'.repeat(2000))).toBe(Number.POSITIVE_INFINITY);
});

test('a list of prompts has one on each line that is not blank', () => {
  expect(promptLines(' a fox\r\n\n  \nan owl ')).toEqual(['a fox', 'an owl']);
  expect(promptLines(' \n')).toEqual([]);
});

test('a seed picks one of the combinations, always the same, and other seeds pick others', () => {
  const prompt = 'a {red|blue|green} {fox|{big|small} owl}';
  const all = combinationsOf(prompt);
  const picks = Array.from({ length: 200 }, (_, seed) => pickAlternatives(prompt, seed));
  expect(new Set(picks)).toEqual(new Set(all));
  expect(picks).toEqual(Array.from({ length: 200 }, (_, seed) => pickAlternatives(prompt, seed)));
  expect(all).toContain(pickAlternatives(prompt, 999_999_999_999_999));
});

test('braces within braces are read to a depth of fifty, and no depth is too much', () => {
  expect(combinationsOf(`${'{'.repeat(50)}a|b${'}'.repeat(50)}`)).toHaveLength(2);
  expect(pickAlternatives(`${'{a|'.repeat(20_000)}b${'}'.repeat(20_000)}`, 1)).toBeTypeOf('string');
});

test('no prompt makes it throw anything else, and one without | is itself', () => {
  const piece = fc.constantFrom('{', '}', '|', '\\', 'a', ' ', '{a|b}');
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const prompt = pieces.join('');
      expect(combinationsOf(prompt)).toContain(pickAlternatives(prompt, 1));
    }),
  );
  fc.assert(
    fc.property(fc.string(), (text) => {
      const prompt = text.replaceAll(/[|\\]/g, '');
      expect(combinationsOf(prompt)).toEqual([prompt]);
    }),
  );
});
