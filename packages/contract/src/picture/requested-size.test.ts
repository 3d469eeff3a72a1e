import { expect, test } from 'vitest';
import { pictureFields } from '../request/fields.ts';
import { calledNames, readRequest, wireName } from '../request/mapping.ts';
import { requestedSize, sizeContradiction } from './requested-size.ts';
import { fullModelSizes } from './size-limits.ts';

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
