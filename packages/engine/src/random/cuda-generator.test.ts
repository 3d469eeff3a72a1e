import { expect, test } from 'vitest';
import { createCudaGenerator, philox } from './cuda-generator.ts';

const A100 = 108 * 2048;

/** Random123 1.14, tests/kat_vectors, `philox4x32 10`. */
test.each([
  ['00000000 00000000 00000000 00000000', '00000000 00000000', '6627e8d5 e169c58d bc57ac4c 9b00dbd8'],
  ['ffffffff ffffffff ffffffff ffffffff', 'ffffffff ffffffff', '408f276d 41c83b0e a20bc7c6 6d5451fd'],
  ['243f6a88 85a308d3 13198a2e 03707344', 'a4093822 299f31d0', 'd16cfe09 94fdcceb 5001e420 24126ea1'],
])('Philox gives the words that its authors publish for %s', (counter, key, words) => {
  const [a = 0, b = 0, c = 0, d = 0] = numbers(counter);
  const [left = 0, right = 0] = numbers(key);
  expect(philox([a, b, c, d], [left, right])).toEqual(numbers(words));
});

/** `torch.manual_seed(seed); torch.randn(…, device='cuda')` as printed by PyTorch. */
test.each([
  [0, [-0.9247, -0.4253, -2.6438, 0.1452, -0.1209, -0.5797, -0.6229, -0.3284, -1.0745, -0.3631]],
  [42, [0.194, 2.1614, -0.1721, 0.8491, -1.9244, 0.653, -0.6494, -0.8175]],
])('the first values of seed %i are those of PyTorch on a card', (seed, expected) => {
  const drawn = createCudaGenerator(seed, A100).randn(expected.length);
  for (const [index, value] of expected.entries()) expect(drawn[index]).toBeCloseTo(value, 4);
});

test('a stream goes on with the next tensor, whose values do not depend on the size of the one before', () => {
  const one = createCudaGenerator(7, A100);
  const other = createCudaGenerator(7, A100);
  expect(one.randn(3)).toEqual(other.randn(500).slice(0, 3));
  expect(one.randn(8)).toEqual(other.randn(8));
});

test('a card that runs fewer threads than a tensor has elements draws the same numbers, four to a thread', () => {
  const count = 65_536;
  const large = createCudaGenerator(0, A100).randn(count);
  const t4 = createCudaGenerator(0, 40 * 1024).randn(count);
  expect(t4.slice(0, 40_960)).toEqual(large.slice(0, 40_960));
  expect(t4.slice(40_960)).not.toEqual(large.slice(40_960));
  for (const values of [large, t4]) {
    const mean = values.reduce((sum, value) => sum + value, 0) / count;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count;
    expect(mean).toBeCloseTo(0, 1);
    expect(variance).toBeCloseTo(1, 1);
  }
});

function numbers(words: string): readonly number[] {
  return words.split(' ').map((word) => Number.parseInt(word, 16));
}
