import { expect, test } from 'vitest';
import { EngineError } from '../errors.ts';
import { low32Bits, toTorchSeed } from './seed.ts';

test('every integer from −2^63 to 2^64 − 1 is accepted', () => {
  for (const seed of [0n, -1n, 2n ** 53n, -(2n ** 63n), 2n ** 64n - 1n]) expect(toTorchSeed(seed)).toBe(seed);
  expect(toTorchSeed(Number.MAX_SAFE_INTEGER)).toBe(2n ** 53n - 1n);
  expect(toTorchSeed(Number.MIN_SAFE_INTEGER)).toBe(1n - 2n ** 53n);
  expect(toTorchSeed(-0)).toBe(0n);
});

test.each([1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, -(2 ** 60), 2n ** 64n, -(2n ** 63n) - 1n])(
  'seed %s is refused with the name of the parameter',
  (seed) => {
    const refusal = refusalOf(() => toTorchSeed(seed, 'seeds[1]'));
    expect(refusal.code).toBe('invalid_request');
    expect(refusal.details.param).toBe('seeds[1]');
    expect(refusal.message).toContain('seeds[1]');
    expect(refusal.message).toContain(String(seed));
  },
);

test('the low 32 bits of a seed are those of two’s complement', () => {
  expect(low32Bits(36446545871n)).toBe(2086807503);
  expect(low32Bits(999999999999999n)).toBe(2764472319);
  expect(low32Bits(2n ** 32n)).toBe(0);
  expect(low32Bits(-1n)).toBe(4294967295);
});

function refusalOf(call: () => unknown): EngineError {
  try {
    call();
  } catch (thrown) {
    if (thrown instanceof EngineError) return thrown;
  }
  throw new Error('nothing was refused');
}
