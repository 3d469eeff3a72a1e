import { expect, test } from 'vitest';
import { aspectRatios, formatSize, parseSize, sdxlBuckets, sizeOfAspectRatio } from './aspect-ratios.ts';
import { embeddedModelSizes, faultOfSize, fullModelSizes } from './sizes.ts';

test('a size survives its text', () => {
  expect(parseSize(formatSize({ width: 1216, height: 832 }))).toEqual({ width: 1216, height: 832 });
});

test.each(['auto', '', '1024', '1024X1024', '0x8', '1024x', '1024x1024x3', ' 8x8', '99999x8'])(
  '%j is no size',
  (text) => {
    expect(parseSize(text)).toBeUndefined();
  },
);

const ratios = [
  ['1:1', '1024x1024', '256x256'],
  ['4:3', '1152x896', '256x200'],
  ['3:4', '896x1152', '200x256'],
  ['3:2', '1216x832', '256x176'],
  ['2:3', '832x1216', '176x256'],
  ['16:9', '1344x768', '256x144'],
  ['9:16', '768x1344', '144x256'],
  ['21:9', '1536x640', '256x104'],
  ['9:21', '640x1536', '104x256'],
] as const;
const forFull = { nativeSide: 1024, maxSide: fullModelSizes.maxSide };
const forEmbedded = { nativeSide: 256, maxSide: embeddedModelSizes.maxSide };

test('these are all the ratios', () => {
  expect(ratios.map(([ratio]) => ratio)).toEqual(aspectRatios);
});

test.each(ratios)('%s is %s, and %s for the embedded model', (ratio, full, embedded) => {
  expect(formatSize(sizeOfAspectRatio(ratio, forFull))).toBe(full);
  expect(formatSize(sizeOfAspectRatio(ratio, forEmbedded))).toBe(embedded);
});

test.each(aspectRatios)('%s is a size that both models draw, nearer to its ratio than to any other', (ratio) => {
  expect(faultOfSize(sizeOfAspectRatio(ratio, forFull), fullModelSizes)).toBeUndefined();
  expect(faultOfSize(sizeOfAspectRatio(ratio, forEmbedded), embeddedModelSizes)).toBeUndefined();
  const distance = (other: string) => {
    const [wide = 1, high = 1] = other.split(':').map(Number);
    const { width, height } = sdxlBuckets[ratio];
    return Math.abs(Math.log(width / height / (wide / high)));
  };
  expect(aspectRatios.toSorted((a, b) => distance(a) - distance(b))[0]).toBe(ratio);
});

test('below the longest side the sizes have about the area of the square', () => {
  expect(sizeOfAspectRatio('16:9', { nativeSide: 128, maxSide: 256 })).toEqual({ width: 168, height: 96 });
  expect(sizeOfAspectRatio('16:9', { nativeSide: 1024, maxSide: 1024 })).toEqual({ width: 1024, height: 584 });
});

test('a native size that is no power of two gives multiples of eight too', () => {
  for (const ratio of aspectRatios) {
    const { width, height } = sizeOfAspectRatio(ratio, { nativeSide: 768, maxSide: 1536 });
    expect([width % 8, height % 8]).toEqual([0, 0]);
  }
});
