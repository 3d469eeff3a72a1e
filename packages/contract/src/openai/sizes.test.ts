import { expect, test } from 'vitest';
import { formatSize } from '../picture/aspect-ratios.ts';
import { embeddedModelSizes, fullModelSizes } from '../picture/sizes.ts';
import { sizeForOpenai } from './sizes.ts';

test.each([
  ['auto', '1024x1024', '256x256'],
  ['1024x1024', '1024x1024', '256x256'],
  ['1536x1024', '1536x1024', '256x176'],
  ['1024x1536', '1024x1536', '176x256'],
  ['1792x1024', '1344x768', '256x144'],
  ['1024x1792', '768x1344', '144x256'],
  ['512x512', '512x512', '256x256'],
  ['256x256', '512x512', '256x256'],
])("OpenAI's size %s is %s of the full model and %s of the embedded one", (size, full, embedded) => {
  const sizes = [
    sizeForOpenai(size, { width: 1024, height: 1024 }, fullModelSizes),
    sizeForOpenai(size, { width: 256, height: 256 }, embeddedModelSizes),
  ];
  expect(sizes.map((each) => each && formatSize(each))).toEqual([full, embedded]);
});

test('another size is taken as it is, or not at all', () => {
  const native = { width: 1024, height: 1024 };
  expect(sizeForOpenai('640x768', native, fullModelSizes)).toEqual({ width: 640, height: 768 });
  expect(sizeForOpenai('128x128', native, fullModelSizes)).toBeUndefined();
  expect(sizeForOpenai('2048x1024', native, fullModelSizes)).toBeUndefined();
});
