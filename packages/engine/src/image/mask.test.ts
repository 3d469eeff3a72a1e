import { expect, test } from 'vitest';
import { extendCanvas } from './mask.ts';

const picture = { width: 2, height: 2, data: Uint8Array.of(1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4) };

test('a canvas keeps the picture where it is, has its outermost pixels around it, and a mask of what is new', () => {
  const canvas = extendCanvas(picture, { left: 3, right: 3, top: 0, bottom: 6 });
  expect([canvas.picture.width, canvas.picture.height, canvas.mask.width, canvas.mask.height]).toEqual([8, 8, 8, 8]);
  const rows = (values: readonly number[]) => Array.from({ length: 8 }, (_, y) => values.slice(8 * y, 8 * y + 8));
  const reds = rows([...canvas.picture.data].filter((_, i) => i % 3 === 0));
  expect(reds).toEqual([[1, 1, 1, 1, 2, 2, 2, 2], ...new Array(7).fill([3, 3, 3, 3, 4, 4, 4, 4])]);
  const kept = [255, 255, 255, 0, 0, 255, 255, 255];
  expect(rows([...canvas.mask.data])).toEqual([kept, kept, ...new Array(6).fill(new Array(8).fill(255))]);
});

test('its sides are multiples of 8', () => {
  const { picture: canvas, mask } = extendCanvas(picture, { left: 1, right: 0, top: 7, bottom: 0 });
  expect([canvas.width, canvas.height, canvas.data.length, mask.data.length]).toEqual([8, 16, 3 * 128, 128]);
});
