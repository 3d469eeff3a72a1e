import { expect, test } from 'vitest';
import { allCombinations } from './alternatives.ts';

test('a thousand combinations are drawn, and more are refused before any is made', () => {
  expect(allCombinations('{a|b|c|d|e|f|g|h|i|j}'.repeat(3))).toHaveLength(1000);
  expect(() => allCombinations(`${'{a|b|c|d|e|f|g|h|i|j}'.repeat(3)}{k|l}`)).toThrow('2000 combinations');
  expect(() => allCombinations('{a|b}'.repeat(2000))).toThrow('more than a million combinations');
});
