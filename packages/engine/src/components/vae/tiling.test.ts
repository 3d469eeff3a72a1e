import { expect, test } from 'vitest';
import { tileSide } from './tiling.ts';

const sdxl = { blockOutChannels: [128, 256, 512, 512], sampleSize: 1024 };
const square = (side: number) => ({ width: side, height: side });

test.each([
  [512, undefined, undefined],
  [520, undefined, 512],
  [1024, undefined, 512],
  [1248, undefined, 512],
  [1256, 1024, 512],
  [2048, 1024, 512],
])("with SDXL's VAE %d×… is processed in tiles of %s, where memory is short of %s", (side, usual, short) => {
  expect(tileSide(square(side), sdxl, 'auto', false)).toBe(usual);
  expect(tileSide(square(side), sdxl, 'auto', true)).toBe(short);
});

test("a request that says so decides, and tiles are not larger than the VAE's native side", () => {
  expect(tileSide(square(2048), sdxl, false, true)).toBeUndefined();
  expect(tileSide(square(256), sdxl, true, false)).toBe(1024);
  expect(tileSide(square(256), { ...sdxl, sampleSize: 256 }, true, true)).toBe(256);
});

test('a smaller network has larger pictures as a whole', () => {
  const small = { blockOutChannels: [16, 32], sampleSize: 256 };
  expect(tileSide(square(1024), small, 'auto', true)).toBeUndefined();
  expect(tileSide(square(2048), small, 'auto', true)).toBe(256);
});
