import { expect, test } from 'vitest';
import { MaskRaster } from './mask-raster.ts';

const hard = { size: 4, hardness: 1, isErasing: false };
const rows = ({ data, width }: MaskRaster) =>
  Array.from({ length: data.length / width }, (_, y) => [...data.subarray(y * width, (y + 1) * width)]);

test('a stroke is a line with round ends, as wide as the brush', () => {
  const mask = new MaskRaster({ width: 32, height: 16 });
  mask.begin(hard, { x: 8, y: 8 });
  mask.lineTo({ x: 24, y: 8 });
  mask.end();
  const column = rows(mask).map((row) => row[16]);
  expect(column.map((value) => (value ?? 0) > 127)).toEqual(Array.from({ length: 16 }, (_, y) => y >= 6 && y < 10));
  const line = rows(mask)[8]?.map((value) => value > 127);
  expect(line).toEqual(Array.from({ length: 32 }, (_, x) => x >= 6 && x < 26));
});

test('a soft brush fades towards its edge, and a line of it is no harder than a dot', () => {
  const dot = new MaskRaster({ width: 64, height: 64 });
  dot.begin({ size: 40, hardness: 0, isErasing: false }, { x: 32.5, y: 32 });
  const line = new MaskRaster({ width: 64, height: 64 });
  line.begin({ size: 40, hardness: 0, isErasing: false }, { x: 10, y: 32 });
  for (let x = 10; x <= 54; x += 2) line.lineTo({ x, y: 32 });
  const across = (mask: MaskRaster) => rows(mask).map((row) => row[32] ?? 0);
  expect(across(line)).toEqual(across(dot));
  const upper = across(dot).slice(12, 32);
  expect(upper).toEqual(upper.toSorted((one, other) => one - other));
  expect(upper[0]).toBeLessThan(10);
  expect(upper.at(-1)).toBeGreaterThan(245);
});

test('erasing takes away; undo and redo give each step back exactly, and a new stroke ends what can be redone', () => {
  const mask = new MaskRaster({ width: 20, height: 20 });
  const states = [mask.data.slice()];
  const keep = () => states.push(mask.data.slice());
  mask.begin({ ...hard, size: 12 }, { x: 10, y: 10 });
  mask.end();
  keep();
  mask.begin({ ...hard, isErasing: true }, { x: 10, y: 10 });
  mask.end();
  keep();
  expect(mask.data[10 * 20 + 10]).toBe(0);
  mask.invert();
  keep();
  expect(mask.data[10 * 20 + 10]).toBe(255);
  mask.clear();
  keep();
  expect(mask.isEmpty).toBe(true);
  for (const state of states.slice(0, -1).toReversed()) {
    mask.undo();
    expect(mask.data).toEqual(state);
  }
  expect(mask.canUndo).toBe(false);
  for (const state of states.slice(1)) {
    mask.redo();
    expect(mask.data).toEqual(state);
  }
  mask.undo();
  mask.begin({ ...hard, isErasing: true }, { x: 2, y: 2 });
  mask.end();
  expect(mask.canRedo).toBe(false);
});

test('a stroke beyond the edge changes what is inside, and one that changes nothing is no step', () => {
  const mask = new MaskRaster({ width: 8, height: 8 });
  mask.begin(hard, { x: -1, y: 4 });
  mask.lineTo({ x: 40, y: 4 });
  mask.end();
  expect(mask.coverage).toBeCloseTo(0.5, 1);
  mask.begin(hard, { x: 4, y: 4 });
  mask.end();
  mask.undo();
  expect(mask.isEmpty).toBe(true);
  expect(mask.canUndo).toBe(false);
});

test('a stroke that is given up leaves nothing', () => {
  const mask = new MaskRaster({ width: 8, height: 8 });
  mask.begin(hard, { x: 4, y: 4 });
  mask.cancel();
  expect(mask.isEmpty).toBe(true);
  expect(mask.canUndo).toBe(false);
});
