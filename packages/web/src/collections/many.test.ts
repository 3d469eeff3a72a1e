import { expect, test } from 'vitest';
import { forEachOf, partsOf } from './many.ts';

test('every item is worked on once, at most so many at the same time, and failures keep nothing from being done', async () => {
  const worked: number[] = [];
  let [running, most] = [0, 0];
  const items = Array.from({ length: 10 }, (_, index) => index);
  const finished: number[] = [];
  const outcome = await forEachOf(
    items,
    async (item) => {
      running += 1;
      most = Math.max(most, running);
      await Promise.resolve();
      worked.push(item);
      running -= 1;
      if (item % 4 === 0) throw new Error(`no ${item}`);
    },
    { atOnce: 3, onProgress: (count) => finished.push(count) },
  );
  expect(worked.toSorted((a, b) => a - b)).toEqual(items);
  expect(most).toBe(3);
  expect(outcome.failed.map(({ item }) => item)).toEqual([0, 4, 8]);
  expect(outcome.done).toHaveLength(7);
  expect(finished).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

test('an abort ends the work before the next item', async () => {
  const controller = new AbortController();
  const outcome = await forEachOf([1, 2, 3], async () => controller.abort(), { atOnce: 1, signal: controller.signal });
  expect(outcome).toEqual({ done: [1], failed: [] });
});

test('parts have the items in their order', () => {
  expect(partsOf([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]]);
  expect(partsOf([], 2)).toEqual([]);
});
