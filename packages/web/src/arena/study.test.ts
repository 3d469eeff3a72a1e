import { expect, test } from 'vitest';
import { tallyOf, type Vote, verdictOf } from './study.ts';

const votes = (a: number, b: number, ties = 0): Vote[] => [
  ...Array<Vote>(a).fill('a'),
  ...Array<Vote>(b).fill('b'),
  ...Array<Vote>(ties).fill('tie'),
];

test('the interval is Wilson’s', () => {
  // Newcombe 1998, table I, the score method: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
  for (const [a, n, low, high] of [
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ] as const) {
    const tally = tallyOf(votes(a, n - a));
    expect(tally.low).toBeCloseTo(low, 4);
    expect(tally.high).toBeCloseTo(high, 4);
  }
});

test('a tie counts half for each', () => {
  expect(tallyOf(votes(1, 1, 2)).share).toBe(0.5);
  expect(tallyOf(votes(0, 0, 3)).share).toBe(0.5);
});

test('a preference is claimed only when the interval is on one side of one half', () => {
  expect(verdictOf(tallyOf([]))).toBe('No votes yet.');
  expect(verdictOf(tallyOf(votes(3, 1)))).toBe('No significant difference yet.');
  expect(verdictOf(tallyOf(votes(20, 2)))).toBe('A is preferred.');
  expect(verdictOf(tallyOf(votes(2, 20)))).toBe('B is preferred.');
});
