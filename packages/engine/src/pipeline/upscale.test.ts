import { expect, test } from 'vitest';
import { cropPicture } from '../image/lanczos.ts';
import { blend, tilesOf } from './upscale.ts';

test.each([
  [128, 128, 128, '128×128', 1],
  [256, 128, 128, '136×128', 2],
  [264, 520, 128, '144×144', 8],
  [2048, 2048, 1024, '1088×1088', 4],
  [4096, 4096, 1024, '1120×1120', 16],
  [1152, 1160, 1024, '1152×1024', 2],
  [96, 64, 128, '96×64', 1],
])('the tiles of %d×%d cover it, all of one size, and overlap by an eighth of the native side', (...given) => {
  const [width, height, side, size, count] = given;
  const tiles = tilesOf({ width, height }, side);
  const sizes = new Set(tiles.map(({ left, top, right, bottom }) => `${right - left}×${bottom - top}`));
  expect([[...sizes], tiles.length]).toEqual([[size], count]);
  for (const [length, edges] of [
    [width, tiles.map(({ left, right }) => [left, right] as const)],
    [height, tiles.map(({ top, bottom }) => [top, bottom] as const)],
  ] as const) {
    const starts = [...new Map(edges)].sort(([a], [b]) => a - b);
    expect([starts[0]?.[0], starts.at(-1)?.[1]]).toEqual([0, length]);
    for (const [index, [start]] of starts.entries())
      if (index > 0) expect((starts[index - 1]?.[1] ?? 0) - start).toBeGreaterThanOrEqual(side / 8 - 1);
  }
});

test('no tile is larger than the model draws', () => {
  const tiles = tilesOf({ width: 512, height: 264 }, 256, 256);
  expect(tiles.map(({ left, right, top, bottom }) => [left, top, right - left, bottom - top])).toEqual([
    [0, 0, 256, 256],
    [128, 0, 256, 256],
    [256, 0, 256, 256],
    [0, 8, 256, 256],
    [128, 8, 256, 256],
    [256, 8, 256, 256],
  ]);
});

test('tiles that were not changed make the picture that they were cut from', () => {
  const [width, height] = [50, 34];
  const data = Uint8Array.from({ length: 3 * width * height }, (_, i) => (i * 7919) % 256);
  const picture = { width, height, data };
  const tiles = tilesOf(picture, 16).map((box) => ({ box, picture: cropPicture(picture, box) }));
  expect(tiles.length).toBe(6);
  expect(blend(tiles, picture)).toEqual(picture);
});

test('one tile fades into the next', () => {
  const [left, right] = [0, 200].map((value) => ({ width: 16, height: 8, data: new Uint8Array(384).fill(value) }));
  const tiles = [
    {
      box: { left: 0, top: 0, right: 16, bottom: 8 },
      picture: left ?? { width: 0, height: 0, data: new Uint8Array() },
    },
    {
      box: { left: 8, top: 0, right: 24, bottom: 8 },
      picture: right ?? { width: 0, height: 0, data: new Uint8Array() },
    },
  ];
  const { data } = blend(tiles, { width: 24, height: 8 });
  const row = Array.from({ length: 24 }, (_, x) => data[3 * x] ?? 0);
  expect(row).toEqual(row.toSorted((a, b) => a - b));
  const steps = row.slice(1).map((value, x) => value - (row[x] ?? 0));
  expect(Math.max(...steps)).toBeLessThanOrEqual(200 / 8);
});
