import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeWeight, LARGEST_CODE, quantizeRows } from './int8-codes.ts';
import type { TensorInfo } from './safetensors.ts';

const anyWeight = fc.float({ noNaN: true, noDefaultInfinity: true });
const rows = fc
  .tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 130 }))
  .chain(([outputs, inputs]) =>
    fc
      .array(anyWeight, { minLength: outputs * inputs, maxLength: outputs * inputs })
      .map((values) => ({ outputs, inputs, values: Float32Array.from(values) })),
  );

describe('a weight in 8 bits', () => {
  test('has codes of at most 63, so that two products never overflow the 16 bits that older processors add them in', () => {
    fc.assert(
      fc.property(rows, fc.nat(255), fc.nat(255), ({ outputs, inputs, values }, a, b) => {
        const { codes } = quantizeRows(values, [outputs, inputs], [0, outputs]);
        for (let at = 0; at < codes.length; at++) {
          expect(Math.abs(codes[at])).toBeLessThanOrEqual(LARGEST_CODE);
          const pair = a * codes[at] + b * (codes[at + 1] ?? 0);
          expect(Math.abs(pair)).toBeLessThanOrEqual(2 ** 15 - 1);
        }
      }),
    );
    expect(2 * 255 * LARGEST_CODE).toBeLessThan(2 ** 15);
  });

  test('is within half a step of what it stands for, a step being a 63rd of the largest of its row', () => {
    fc.assert(
      fc.property(rows, ({ outputs, inputs, values }) => {
        const { codes, scales } = quantizeRows(values, [outputs, inputs], [0, outputs]);
        for (let output = 0; output < outputs; output++) {
          for (let input = 0; input < inputs; input++) {
            const meant = codes[input * outputs + output] * scales[output];
            const error = Math.abs(meant - values[output * inputs + input]);
            expect(error).toBeLessThanOrEqual(scales[output] * 0.50001);
          }
        }
      }),
    );
  });

  test('that lies on its steps already is reproduced exactly', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -63, max: 63 }), { minLength: 1, maxLength: 40 }),
        fc.integer({ min: -20, max: 20 }),
        (steps, exponent) => {
          const values = Float32Array.from([...steps, 63], (step) => step * 2 ** exponent);
          const { codes, scales } = quantizeRows(values, [1, values.length], [0, 1]);
          expect(scales[0]).toBe(2 ** exponent);
          expect([...codes]).toEqual([...steps, 63].map((step) => step || 0));
        },
      ),
    );
  });

  test('is laid out as a product takes it: inputs by outputs, of a convolution the taps first', () => {
    const values = Float32Array.from({ length: 2 * 3 * 4 }, (_, index) => index - 12);
    const of = (output: number, channel: number, tap: number) => values[(output * 3 + channel) * 4 + tap];
    const { codes, scales, inputs, outputs } = quantizeRows(values, [2, 3, 2, 2], [0, 2]);
    expect([inputs, outputs]).toEqual([12, 2]);
    for (let output = 0; output < 2; output++)
      for (let channel = 0; channel < 3; channel++)
        for (let tap = 0; tap < 4; tap++) {
          const meant = codes[(tap * 3 + channel) * 2 + output] * scales[output];
          expect(Math.abs(meant - of(output, channel, tap))).toBeLessThanOrEqual(scales[output] / 2);
        }
    expect(quantizeRows(values, [2, 12], [1, 2])).toMatchObject({ inputs: 12, outputs: 1 });
  });
});

describe('a stored weight', () => {
  const info = (dtype: string, more: Partial<TensorInfo> = {}): TensorInfo => {
    return { file: 'weights', dtype, shape: [1, 2], offset: 0, byteLength: 0, ...more };
  };
  const bytesOf = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'));

  test.each([
    ['F64', '000000000000f8bf0000000000000040', 8],
    ['F32', '0000c0bf00000040', 4],
    ['F16', '00be0040', 2],
    ['BF16', 'c0bf0040', 2],
    ['F8_E4M3', 'bc40', 1],
    ['F8_E5M2', 'be40', 1],
  ])('of type %s is read', (dtype, hex) => {
    expect([...decodeWeight(bytesOf(hex), 'w', info(dtype))]).toEqual([-1.5, 2]);
    expect([...decodeWeight(bytesOf(hex), 'w', info(dtype, { scale: 0.5 }))]).toEqual([-0.75, 1]);
    const within = bytesOf(`ff${hex}`).subarray(1);
    expect([...decodeWeight(within, 'w', info(dtype))], 'at an odd offset').toEqual([-1.5, 2]);
  });

  test('that is stored the other way round is turned', () => {
    const bytes = new Uint8Array(Float32Array.of(1, 2, 3, 4, 5, 6).buffer); // [in 3, out 2]
    const values = decodeWeight(bytes, 'w', info('F32', { shape: [2, 3], transposed: true }));
    expect([...values]).toEqual([1, 3, 5, 2, 4, 6]);
  });

  test('with a value that is not finite is refused, by its name', () => {
    const bytes = new Uint8Array(Float32Array.of(1, Number.NaN).buffer);
    expect(() => decodeWeight(bytes, 'layer.weight', info('F32'))).toThrow(/layer\.weight holds values that are not/);
  });
});
