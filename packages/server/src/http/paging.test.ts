import { expect, test } from 'vitest';
import { isId, newId } from '../ids.ts';
import { cursorOf, pageOf, placeOf } from './paging.ts';

test('a cursor leads back to its place, and what is no cursor of ours is refused', () => {
  const id = newId();
  expect(placeOf(cursorOf(id) ?? '', isId)).toBe(id);
  expect(cursorOf(null)).toBeNull();
  expect(placeOf(undefined, isId)).toBeNull();
  for (const cursor of ['x', cursorOf(7n) ?? '', id]) expect(() => placeOf(cursor, isId)).toThrow(/next_cursor/);
});

test('there is a next page when one more was found than fits', () => {
  expect(pageOf([1, 2, 3], 2)).toEqual({ items: [1, 2], next: 2 });
  expect(pageOf([1, 2], 2)).toEqual({ items: [1, 2], next: null });
  expect(pageOf([], 2)).toEqual({ items: [], next: null });
});
