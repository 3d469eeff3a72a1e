import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { cropToShape, resizeLanczos } from './lanczos.ts';
import type { DecodedPicture } from './picture.ts';

interface Case {
  readonly source: readonly [width: number, height: number];
  readonly target: readonly [width: number, height: number];
  readonly seed: number;
  readonly kind: 'noise' | 'edges';
  readonly sha256: string;
  readonly pixels?: string;
}

// Made by tools/goldens/make_lanczos.py.
const fixture: { readonly cases: readonly Case[] } = JSON.parse(
  readFileSync(new URL('../../test/fixtures-pillow/lanczos.json', import.meta.url), 'utf8'),
);

function generated(width: number, height: number, seed: number, kind: Case['kind']): DecodedPicture {
  let x = seed;
  const data = new Uint8Array(width * height * 3).map(() => {
    x = (Math.imul(1664525, x) + 1013904223) >>> 0;
    const byte = x >>> 24;
    return kind === 'noise' ? byte : byte >= 128 ? 255 : 0;
  });
  return { width, height, data };
}

test.each(fixture.cases)('$source to $target equals Pillow byte for byte ($kind)', (each) => {
  const resized = resizeLanczos(generated(...each.source, each.seed, each.kind), ...each.target);
  expect([resized.width, resized.height]).toEqual(each.target);
  if (each.pixels !== undefined) expect(Buffer.from(resized.data).toString('base64')).toBe(each.pixels);
  expect(createHash('sha256').update(resized.data).digest('hex')).toBe(each.sha256);
});

test('a picture of one colour keeps its colour at any size', () => {
  const data = new Uint8Array(5 * 9 * 3).fill(201);
  expect(new Set(resizeLanczos({ width: 5, height: 9, data }, 23, 4).data)).toEqual(new Set([201]));
});

test.each([0, -8, 1.5, Number.NaN])('a width of %s is refused', (width) => {
  expect(() => resizeLanczos(generated(8, 8, 1, 'noise'), width, 8)).toThrow(
    expect.objectContaining({ code: 'invalid_request' }),
  );
});

test('a picture is cut to a shape at its centre, and one of that shape is kept', () => {
  const row = Uint8Array.from({ length: 3 * 8 * 2 }, (_, index) => Math.floor(index / 3));
  const wide = { width: 8, height: 2, data: row };
  const square = cropToShape(wide, { width: 64, height: 64 });
  expect({ ...square, data: [...square.data].filter((_, index) => index % 3 === 0) }).toEqual({
    width: 2,
    height: 2,
    data: [3, 4, 11, 12],
  });
  expect(cropToShape(wide, { width: 256, height: 64 })).toBe(wide);
  expect(cropToShape(wide, { width: 8, height: 800 })).toMatchObject({ width: 1, height: 2 });
});

function cover(picture: DecodedPicture, width: number, height: number): DecodedPicture {
  return resizeLanczos(cropToShape(picture, { width, height }), width, height);
}

/** Black, with a white square of `side` in the middle. */
function withSquare(width: number, height: number, side: number) {
  const data = new Uint8Array(width * height * 3);
  const [left, top] = [(width - side) / 2, (height - side) / 2];
  for (let y = top; y < top + side; y++) data.fill(255, (y * width + left) * 3, (y * width + left + side) * 3);
  return { width, height, data };
}

test.each([
  [96, 64, 32, 32],
  [64, 96, 32, 48],
  [400, 100, 64, 64],
  [64, 64, 128, 64],
  [50, 50, 256, 104],
])('a square in a picture of %d×%d is a square in the middle at %d×%d', (width, height, toWidth, toHeight) => {
  const covered = cover(withSquare(width, height, 20), toWidth, toHeight);
  expect([covered.width, covered.height, covered.data.length]).toEqual([toWidth, toHeight, toWidth * toHeight * 3]);
  const lit = Array.from({ length: toWidth * toHeight }, (_, index) => index).filter((i) => covered.data[i * 3] > 127);
  const [xs, ys] = [lit.map((i) => i % toWidth), lit.map((i) => Math.floor(i / toWidth))];
  const extent = (values: number[]) => Math.max(...values) - Math.min(...values) + 1;
  expect(Math.abs(extent(xs) - extent(ys))).toBeLessThanOrEqual(2);
  expect(Math.abs(Math.max(...xs) + Math.min(...xs) - (toWidth - 1))).toBeLessThanOrEqual(2);
});

test('a picture that has the size already is returned as it is; one of a single pixel can be drawn from', () => {
  const picture = withSquare(64, 32, 8);
  expect(cover(picture, 64, 32)).toBe(picture);
  const pixel = { width: 1, height: 1, data: Uint8Array.of(1, 2, 3) };
  expect(new Set(cover(pixel, 64, 104).data)).toEqual(new Set([1, 2, 3]));
});
