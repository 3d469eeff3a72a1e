import { expect, test } from 'vitest';
import { arrange, heightsFor, rowAt, verticalNeighbour } from './rows.ts';

const measures = { width: 1000, rowHeight: 200, gap: 8 };
/** Of many shapes, always the same ones. */
const ratios = Array.from(
  { length: 500 },
  (_, index) => [1, 1.78, 0.56, 1.5, 0.67, 2.4, 0.4][(index * index) % 7] ?? 1,
);

test('rows fill the width without a hole or an overlap, every picture in its shape', () => {
  const { boxes, rows, height } = arrange(ratios, measures);
  expect(boxes).toHaveLength(ratios.length);
  for (const { first, end, top, height: high } of rows.slice(0, -1)) {
    const row = boxes.slice(first, end);
    expect(row[0]?.left).toBe(0);
    for (const [index, box] of row.entries()) {
      expect(box).toMatchObject({ top, height: high });
      const next = row[index + 1];
      if (next !== undefined) expect(next.left - (box.left + box.width)).toBe(8);
      else expect(box.left + box.width).toBe(1000);
      expect(box.width / box.height).toBeCloseTo(ratios[first + index] ?? 0, 1);
    }
  }
  for (const [index, row] of rows.entries()) expect(row.first).toBe(rows[index - 1]?.end ?? 0);
  const last = rows.at(-1);
  expect(height).toBe((last?.top ?? 0) + (last?.height ?? 0));
});

test('rows have about the height that was asked for, and a short last row is not stretched', () => {
  const { rows, boxes } = arrange(ratios, measures);
  const heights = rows.slice(0, -1).map(({ height }) => height);
  expect(heights.reduce((sum, height) => sum + height, 0) / heights.length).toBeCloseTo(200, -1.7);
  expect(Math.max(...heights)).toBeLessThan(300);
  const three = arrange([1, 1, 1], measures);
  expect(three.boxes.map(({ left, width }) => [left, width])).toEqual([
    [0, 200],
    [208, 200],
    [416, 200],
  ]);
  expect(boxes.every(({ width }) => width > 0)).toBe(true);
  expect(arrange([], measures)).toEqual({ boxes: [], rows: [], height: 0 });
});

test('a picture that is wider than all fits into the width', () => {
  const { boxes } = arrange([12], measures);
  expect(boxes).toEqual([{ left: 0, top: 0, width: 1000, height: 83 }]);
});

test('a phone has room for two square pictures side by side, and for more and smaller ones', () => {
  const [smallest, ...larger] = heightsFor(366);
  const largest = larger.at(-1) ?? 0;
  expect(arrange([1, 1, 1, 1], { width: 366, rowHeight: largest, gap: 8 }).rows).toHaveLength(2);
  expect(arrange([1, 1, 1], { width: 366, rowHeight: smallest ?? 0, gap: 8 }).rows).toHaveLength(1);
  expect(heightsFor(1400)).toHaveLength(6);
});

test('the row at a height is found, and from a picture the one above or below it', () => {
  const layout = arrange([1, 1, 1, 1, 1, 2.5, 2.5], measures);
  const [upper, lower] = layout.rows;
  expect([upper?.end, lower?.first]).toEqual([5, 5]);
  expect(rowAt(layout.rows, 0)).toBe(0);
  expect(rowAt(layout.rows, upper?.height ?? 0)).toBe(1);
  expect(rowAt(layout.rows, 99_999)).toBe(2);
  expect(verticalNeighbour(layout, 0, 1)).toBe(5);
  expect(verticalNeighbour(layout, 4, 1)).toBe(6);
  expect(verticalNeighbour(layout, 6, -1)).toBe(3);
  expect(verticalNeighbour(layout, 6, 1)).toBeUndefined();
  expect(verticalNeighbour(layout, 0, -1)).toBeUndefined();
});
