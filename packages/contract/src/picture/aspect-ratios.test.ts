import { expect, test } from 'vitest';
import { aspectRatios, sdxlBuckets, sizeOfAspectRatio } from './aspect-ratios.ts';
import { formatSize } from './size.ts';
import { embeddedModelSizes, faultOfSize, fullModelSizes } from './size-limits.ts';

const ratios = [
  ['1:1', '1024x1024', '128x128'],
  ['4:3', '1152x896', '144x112'],
  ['3:4', '896x1152', '112x144'],
  ['3:2', '1216x832', '152x104'],
  ['2:3', '832x1216', '104x152'],
  ['16:9', '1344x768', '168x96'],
  ['9:16', '768x1344', '96x168'],
  ['21:9', '1536x640', '192x80'],
  ['9:21', '640x1536', '80x192'],
] as const;

test('these are all the ratios', () => {
  expect(ratios.map(([ratio]) => ratio)).toEqual(aspectRatios);
});

test.each(ratios)('%s is %s, and %s for the embedded model', (ratio, full, embedded) => {
  expect(formatSize(sizeOfAspectRatio(ratio, 1024))).toBe(full);
  expect(formatSize(sizeOfAspectRatio(ratio, 128))).toBe(embedded);
});

test.each(aspectRatios)('%s is a size that both models draw, nearer to its ratio than to any other', (ratio) => {
  expect(faultOfSize(sizeOfAspectRatio(ratio, 1024), fullModelSizes)).toBeUndefined();
  expect(faultOfSize(sizeOfAspectRatio(ratio, 128), embeddedModelSizes)).toBeUndefined();
  const distance = (other: string) => {
    const [wide = 1, high = 1] = other.split(':').map(Number);
    const { width, height } = sdxlBuckets[ratio];
    return Math.abs(Math.log(width / height / (wide / high)));
  };
  expect(aspectRatios.toSorted((a, b) => distance(a) - distance(b))[0]).toBe(ratio);
});

test('a native size that is no power of two gives multiples of eight too', () => {
  for (const ratio of aspectRatios) {
    const { width, height } = sizeOfAspectRatio(ratio, 768);
    expect([width % 8, height % 8]).toEqual([0, 0]);
  }
});
