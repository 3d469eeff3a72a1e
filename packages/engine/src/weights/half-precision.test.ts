import { expect, test } from 'vitest';
import { halfToNumber } from './half-precision.ts';

test('every one of the 65536 half-precision values is what its bits say', () => {
  const bits = Uint16Array.from({ length: 65536 }, (_, index) => index);
  const view = new DataView(bits.buffer);
  const isBigEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 0;
  for (let index = 0; index < 65536; index++) {
    const half = bits[index];
    const exponent = (half >> 10) & 31;
    // The slow way: widen the bits to a float32 pattern; a subnormal half is an exact product.
    const magnitude =
      exponent === 0
        ? (half & 1023) * 2 ** -24
        : float32FromBits((exponent === 31 ? 255 : exponent + 112) * 2 ** 23 + (half & 1023) * 2 ** 13);
    const expected = half >> 15 ? -magnitude : magnitude;
    expect(halfToNumber(view.getUint16(2 * index, !isBigEndian)), `0x${half.toString(16)}`).toBe(expected);
  }
});

function float32FromBits(bits: number): number {
  return new Float32Array(Uint32Array.of(bits).buffer)[0];
}
