import { expect, test } from 'vitest';
import { ciede2000, colourDifference, msSsim, type Picture, psnr } from './picture-distance.ts';

const side = 176;
const picture = (value: (pixel: number, channel: number) => number): Picture => ({
  width: side,
  height: side,
  data: Uint8Array.from({ length: 3 * side * side }, (_, i) => value(Math.floor(i / 3), i % 3)),
});
const gradient = picture((pixel, channel) => ((pixel % side) + channel * 20) % 256);

test('a picture is no distance from itself', () => {
  expect(psnr(gradient, gradient)).toBe(Infinity);
  expect(ciede2000(gradient, gradient)).toBe(0);
  expect(msSsim(gradient, gradient)).toBeCloseTo(1, 10);
});

test('PSNR is that of a known error: one level everywhere is 48.13 dB', () => {
  const one = { ...gradient, data: gradient.data.map((value) => (value === 255 ? 254 : value + 1)) };
  expect(psnr(gradient, one)).toBeCloseTo(48.1308, 3);
});

test('noise costs more structural similarity than a change of brightness of the same PSNR', () => {
  const brighter = { ...gradient, data: gradient.data.map((value) => Math.min(255, value + 12)) };
  const noisy = { ...gradient, data: gradient.data.map((value, i) => value + (i % 2 === 0 ? 12 : -12)) };
  expect(msSsim(gradient, brighter)).toBeGreaterThan(0.98);
  expect(msSsim(gradient, noisy)).toBeLessThan(msSsim(gradient, brighter));
});

// Sharma, Wu and Dalal 2005, table 1: the pairs that the hue's cases differ in.
test.each<[[number, number, number], [number, number, number], number]>([
  [[50, 2.6772, -79.7751], [50, 0, -82.7485], 2.0425],
  [[50, 3.1571, -77.2803], [50, 0, -82.7485], 2.8615],
  [[50, -1.3802, -84.2814], [50, 0, -82.7485], 1],
  [[50, 0, 0], [50, -1, 2], 2.3669],
  [[50, 2.49, -0.001], [50, -2.49, 0.0009], 7.1792],
  [[50, 2.49, -0.001], [50, -2.49, 0.0011], 7.2195],
  [[50, -0.001, 2.49], [50, 0.0011, -2.49], 4.7461],
  [[50, 2.5, 0], [50, 0, -2.5], 4.3065],
  [[50, 2.5, 0], [73, 25, -18], 27.1492],
  [[50, 2.5, 0], [58, 24, 15], 19.4535],
  [[60.2574, -34.0099, 36.2677], [60.4626, -34.1751, 39.4387], 1.2644],
  [[22.7233, 20.0904, -46.694], [23.0331, 14.973, -42.5619], 2.0373],
  [[90.9257, -0.5406, -0.9208], [88.6381, -0.8985, -0.7239], 1.5381],
  [[2.0776, 0.0795, -1.135], [0.9033, -0.0636, -0.5514], 0.9082],
])('CIEDE2000 of %j and %j is %d', (a, b, expected) => {
  expect(colourDifference(a, b)).toBeCloseTo(expected, 4);
  expect(colourDifference(b, a)).toBeCloseTo(expected, 4);
});

test('pictures of different sizes, or too small for five scales, are refused', () => {
  const small = { width: 64, height: 64, data: new Uint8Array(3 * 64 * 64) };
  expect(() => psnr(gradient, small)).toThrow('pictures of different sizes: 176×176 and 64×64');
  expect(() => msSsim(small, small)).toThrow('MS-SSIM needs sides of 176 pixels (got 64×64)');
});
