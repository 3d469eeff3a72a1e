import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decimalToMicro, isWholeMicro, microToDecimal, microToNumber } from './micro-credits.ts';

const rows: readonly (readonly [bigint, string])[] = [
  [0n, '0'],
  [1n, '0.000001'],
  [3_700n, '0.0037'],
  [500_000n, '0.5'],
  [12_500_000n, '12.5'],
  [10_000_000n, '10'],
  [-3_700n, '-0.0037'],
  [-1_000_000n, '-1'],
  [123_456_789_012_345_678_901_234_567n, '123456789012345678901.234567'],
];

test.each(rows)('%d micro-credits are %s credits', (micro, decimal) => {
  expect(microToDecimal(micro)).toBe(decimal);
  expect(decimalToMicro(decimal)).toBe(micro);
});

test('amounts are read as JSON and people write them', () => {
  expect(decimalToMicro(0.0037)).toBe(3_700n);
  expect(decimalToMicro(1e-6)).toBe(1n);
  expect(decimalToMicro('1.50')).toBe(1_500_000n);
  expect(decimalToMicro('1.5000000000')).toBe(1_500_000n);
  expect(decimalToMicro('+2e3')).toBe(2_000_000_000n);
  expect(decimalToMicro('-0')).toBe(0n);
});

test('0.1 and 0.2 are three tenths', () => {
  expect(microToNumber(decimalToMicro(0.1) + decimalToMicro(0.2))).toBe(0.3);
});

test.each(['', ' ', '1,5', '.5', '1.', 'abc', 'NaN', 'Infinity', '0x10', '1e999', '--1', '0.0000001'])(
  '%j is no amount',
  (text) => {
    expect(() => decimalToMicro(text)).toThrow(RangeError);
  },
);

test('numbers that are no amounts are told apart', () => {
  expect([0.000001, 0, 12.5, -3].every(isWholeMicro)).toBe(true);
  expect([0.0000001, 1.2345678, Number.NaN, Number.POSITIVE_INFINITY].some(isWholeMicro)).toBe(false);
});

test('text and back loses nothing, however large', () => {
  const most = 10n ** 39n;
  fc.assert(
    fc.property(fc.bigInt({ min: -most, max: most }), (micro) => {
      expect(decimalToMicro(microToDecimal(micro))).toBe(micro);
    }),
  );
});

test('a JSON number and back loses nothing below 10^9 credits', () => {
  const below = 10n ** 15n - 1n;
  fc.assert(
    fc.property(fc.bigInt({ min: -below, max: below }), (micro) => {
      expect(decimalToMicro(JSON.stringify(microToNumber(micro)))).toBe(micro);
    }),
  );
});
