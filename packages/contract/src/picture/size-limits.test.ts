import { expect, test } from 'vitest';
import { embeddedModelSizes, faultOfSize, fullModelSizes, offeredSizes } from './size-limits.ts';

test.each([
  [512, 512],
  [1536, 512],
  [1536, 1088],
  [1024, 1024],
])('the full model draws %d×%d', (width, height) => {
  expect(faultOfSize({ width, height }, fullModelSizes)).toBeUndefined();
});

test.each([
  [504, 1024, 'img_width must be a multiple of 8 from 512 to 1536 for this model (got 504)'],
  [1544, 1024, 'img_width must be a multiple of 8 from 512 to 1536 for this model (got 1544)'],
  [1024, 1020, 'img_height must be a multiple of 8 from 512 to 1536 for this model (got 1020)'],
  [
    1536,
    1096,
    'img_width × img_height must be at most 1677721 pixels, 1.6 megapixels, for this model (got 1536 × 1096 = 1683456)',
  ],
])('the full model does not draw %d×%d', (width, height, message) => {
  expect(faultOfSize({ width, height }, fullModelSizes)).toMatchObject({ message });
});

test.each([
  [56, false],
  [64, true],
  [256, true],
  [264, false],
])('a side of %d for the embedded model: %s', (side, drawn) => {
  expect(faultOfSize({ width: side, height: side }, embeddedModelSizes) === undefined).toBe(drawn);
});

test('the message speaks of the fields as the request called them', () => {
  const names = { width: 'width', height: 'size' };
  expect(faultOfSize({ width: 1024, height: 100 }, fullModelSizes, names)).toEqual({
    param: 'size',
    message: 'size must be a multiple of 8 from 512 to 1536 for this model (got 100)',
  });
});

test('only sizes that a model draws are offered', () => {
  expect(offeredSizes(1024, fullModelSizes)).toHaveLength(9);
  expect(offeredSizes(1024, { ...fullModelSizes, minSide: 1024 })).toEqual(['1024x1024']);
  expect(offeredSizes(256, embeddedModelSizes)).toContain('256x144');
});
