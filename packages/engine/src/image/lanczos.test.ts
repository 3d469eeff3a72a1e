import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { cropToShape, resizeLanczos, toMultipleOf8 } from './lanczos.ts';
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

test('sides are rounded down to multiples of 8', () => {
  const { width, height } = toMultipleOf8(generated(71, 72, 1, 'noise'));
  expect([width, height]).toEqual([64, 72]);
});

test('a picture with sides that are multiples of 8 is returned as it is', () => {
  const picture = generated(64, 24, 1, 'noise');
  expect(toMultipleOf8(picture)).toBe(picture);
});

test('a picture below 8 pixels is refused with its size', () => {
  expect(() => toMultipleOf8(generated(7, 64, 1, 'noise'))).toThrow(/7×64.*at least 8/);
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
