import { expect, test } from 'vitest';
import type { DecodedPicture } from './picture.ts';
import { ciede2000, colourDifference, msSsim, pictureDistance, psnr, summarizeDistances } from './picture-distance.ts';

const side = 176;
const picture = (value: (pixel: number, channel: number) => number): DecodedPicture => ({
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

/** Waves, moved by a few pixels, and with or without noise. */
function waves(shift: number, noise: (x: number, y: number, channel: number) => number): DecodedPicture {
  const size = 256;
  const data = Uint8Array.from({ length: 3 * size * size }, (_, i) => {
    const [x, y, c] = [Math.floor(i / 3) % size, Math.floor(i / (3 * size)), i % 3];
    const value = 128 + 60 * Math.sin((x + shift) / (7 + c) + y / 19) + 50 * Math.cos(y / (11 - c) - (x + shift) / 31);
    return Math.max(0, Math.min(255, Math.round(value + noise(x, y, c))));
  });
  return { width: size, height: size, data };
}
const still = waves(0, () => 0);

// Of pytorch-msssim 1.0.0 over the luma, and of culori 4.0.2.
test.each([
  ['noise', waves(0, (x, y, c) => (((x * 7 + y * 13 + c * 5) % 17) - 8) * 2), 0.9871928, 5.2921],
  ['a shift by two pixels', waves(2, () => 0), 0.983273, 5.6602],
] as const)('%s costs what other implementations of MS-SSIM and CIEDE2000 say', (_, changed, similarity, colours) => {
  expect(msSsim(still, changed)).toBeCloseTo(similarity, 6);
  expect(ciede2000(still, changed)).toBeCloseTo(colours, 3);
});

test('of several pairs the median and the worst are told, in the direction in which each measure gets worse', () => {
  const pairs = [
    { msSsim: 0.9, psnr: 30, ciede2000: 2 },
    { msSsim: 0.8, psnr: null, ciede2000: 3 },
    { msSsim: 1, psnr: 40, ciede2000: 0 },
  ];
  expect(summarizeDistances(pairs)).toEqual({
    msSsim: { median: 0.9, worst: 0.8 },
    psnr: { median: 40, worst: 30 },
    ciede2000: { median: 2, worst: 3 },
  });
  expect(summarizeDistances(pairs.slice(0, 2)).ciede2000).toEqual({ median: 2.5, worst: 3 });
  const equal = pictureDistance(still, still);
  expect(equal).toEqual({ msSsim: expect.closeTo(1, 10), psnr: null, ciede2000: 0 });
  expect(summarizeDistances([equal]).psnr).toEqual({ median: null, worst: null });
});

test('a small picture has no MS-SSIM, but the other measures', () => {
  const small = { width: 64, height: 64, data: new Uint8Array(3 * 64 * 64) };
  const lighter = { ...small, data: small.data.map(() => 1) };
  const distance = pictureDistance(small, lighter);
  expect(distance).toMatchObject({ msSsim: null, psnr: expect.closeTo(48.1308, 3) });
  expect(summarizeDistances([distance]).msSsim).toEqual({ median: null, worst: null });
});

// Sharma, Wu and Dalal 2005, table 1, all of it.
test.each<[[number, number, number], [number, number, number], number]>([
  [[50, 2.6772, -79.7751], [50, 0, -82.7485], 2.0425],
  [[50, 3.1571, -77.2803], [50, 0, -82.7485], 2.8615],
  [[50, 2.8361, -74.02], [50, 0, -82.7485], 3.4412],
  [[50, -1.3802, -84.2814], [50, 0, -82.7485], 1],
  [[50, -1.1848, -84.8006], [50, 0, -82.7485], 1],
  [[50, -0.9009, -85.5211], [50, 0, -82.7485], 1],
  [[50, 0, 0], [50, -1, 2], 2.3669],
  [[50, -1, 2], [50, 0, 0], 2.3669],
  [[50, 2.49, -0.001], [50, -2.49, 0.0009], 7.1792],
  [[50, 2.49, -0.001], [50, -2.49, 0.001], 7.1792],
  [[50, 2.49, -0.001], [50, -2.49, 0.0011], 7.2195],
  [[50, 2.49, -0.001], [50, -2.49, 0.0012], 7.2195],
  [[50, -0.001, 2.49], [50, 0.0009, -2.49], 4.8045],
  [[50, -0.001, 2.49], [50, 0.001, -2.49], 4.8045],
  [[50, -0.001, 2.49], [50, 0.0011, -2.49], 4.7461],
  [[50, 2.5, 0], [50, 0, -2.5], 4.3065],
  [[50, 2.5, 0], [73, 25, -18], 27.1492],
  [[50, 2.5, 0], [61, -5, 29], 22.8977],
  [[50, 2.5, 0], [56, -27, -3], 31.903],
  [[50, 2.5, 0], [58, 24, 15], 19.4535],
  [[50, 2.5, 0], [50, 3.1736, 0.5854], 1],
  [[50, 2.5, 0], [50, 3.2972, 0], 1],
  [[50, 2.5, 0], [50, 1.8634, 0.5757], 1],
  [[50, 2.5, 0], [50, 3.2592, 0.335], 1],
  [[60.2574, -34.0099, 36.2677], [60.4626, -34.1751, 39.4387], 1.2644],
  [[63.0109, -31.0961, -5.8663], [62.8187, -29.7946, -4.0864], 1.263],
  [[61.2901, 3.7196, -5.3901], [61.4292, 2.248, -4.962], 1.8731],
  [[35.0831, -44.1164, 3.7933], [35.0232, -40.0716, 1.5901], 1.8645],
  [[22.7233, 20.0904, -46.694], [23.0331, 14.973, -42.5619], 2.0373],
  [[36.4612, 47.858, 18.3852], [36.2715, 50.5065, 21.2231], 1.4146],
  [[90.8027, -2.0831, 1.441], [91.1528, -1.6435, 0.0447], 1.4441],
  [[90.9257, -0.5406, -0.9208], [88.6381, -0.8985, -0.7239], 1.5381],
  [[6.7747, -0.2908, -2.4247], [5.8714, -0.0985, -2.2286], 0.6377],
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
