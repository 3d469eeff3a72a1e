import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pictureFields } from '../request/fields.ts';
import { calledNames, readRequest, wireName } from '../request/mapping.ts';
import { formatSize, sdxlBuckets } from './aspect-ratios.ts';
import {
  embeddedModelSizes,
  faultOfSize,
  fullModelSizes,
  offeredSizes,
  requestedSize,
  sizeContradiction,
  sizeForPicture,
  sizesForNative,
} from './sizes.ts';

const native = { width: 1024, height: 1024 };

test.each([
  [{}, native],
  [{ img_width: 832 }, { width: 832, height: 1024 }],
  [
    { img_width: 832, img_height: 1216 },
    { width: 832, height: 1216 },
  ],
  [
    { width: 832, height: 1216 },
    { width: 832, height: 1216 },
  ],
  [
    { width: 832, img_width: 832, img_height: 640 },
    { width: 832, height: 640 },
  ],
  [{ aspect_ratio: '16:9' } as const, { width: 1344, height: 768 }],
])('%j asks for %j', (fields, size) => {
  expect(sizeContradiction(fields)).toBeUndefined();
  expect(requestedSize(readRequest(fields, 'price'), native, fullModelSizes)).toEqual(size);
});

test('two names of one side must agree', () => {
  expect(sizeContradiction({ width: 512, img_width: 1024 })).toMatch(/^width .*512 and 1024/);
  expect(sizeContradiction({ height: 512, img_height: 1024 })).toMatch(/^height .*512 and 1024/);
});

test('a ratio and a side contradict each other', () => {
  for (const side of ['width', 'height', 'img_width', 'img_height'])
    expect(sizeContradiction({ aspect_ratio: '4:3', [side]: 1024 })).toMatch(/^aspect_ratio /);
});

test('the sides are called as the request called them', () => {
  const sides = (body: Readonly<Record<string, number>>) =>
    ['width', 'height'].map((side) => wireName(side, 'segmind', calledNames(body, 'segmind')));
  expect(sides({ width: 512 })).toEqual(['width', 'img_height']);
  expect(sides({ width: 512, img_width: 512, height: 8 })).toEqual(['img_width', 'height']);
  expect(wireName('width', 'openai')).toBe('size');
});

test('names are those of the table that is given', () => {
  const breadth = { ...pictureFields.width, wire: { name: 'breadth_px', on: ['api'], alias: 'b' } } as const;
  expect(calledNames({ b: 64 }, 'api', { breadth })).toEqual({ breadth: 'b' });
  expect(calledNames({ b: 64, breadth_px: 64 }, 'api', { breadth })).toEqual({});
});

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

test.each([
  [3000, 2000, '1216x832', '256x176'],
  [2000, 3000, '832x1216', '176x256'],
  [800, 600, '1152x896', '256x200'],
  [1024, 1024, '1024x1024', '256x256'],
  [5000, 500, '1536x640', '256x104'],
  [1, 20_000, '640x1536', '104x256'],
])('from a picture of %d×%d the full model draws %s, the embedded one %s', (width, height, full, embedded) => {
  expect(formatSize(sizeForPicture({ width, height }, 1024, fullModelSizes))).toBe(full);
  expect(formatSize(sizeForPicture({ width, height }, 256, embeddedModelSizes))).toBe(embedded);
});

test('a picture of one of the sizes that a model was trained on keeps it', () => {
  for (const { width, height } of Object.values(sdxlBuckets)) {
    expect(sizeForPicture({ width, height }, 1024, fullModelSizes)).toEqual({ width, height });
  }
});

test('what a model draws by itself, and from any picture, is within its limits, whatever its native size', () => {
  const side = fc.integer({ min: 1, max: 60_000 });
  const native = fc.integer({ min: 8, max: 128 }).map((latent) => latent * 8);
  fc.assert(
    fc.property(native, side, side, (nativeSide, width, height) => {
      const limits = sizesForNative(nativeSide);
      expect(faultOfSize({ width: nativeSide, height: nativeSide }, limits)).toBeUndefined();
      expect(faultOfSize(sizeForPicture({ width, height }, nativeSide, limits), limits)).toBeUndefined();
    }),
  );
  expect(sizesForNative(1024)).toEqual(fullModelSizes);
  expect(sizesForNative(256)).toEqual({ minSide: 128, maxSide: 384, maxMegapixels: 0.1 });
});
