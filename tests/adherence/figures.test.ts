import { expect, test } from 'vitest';
import { figuresOf, share } from './figures.ts';

const right = { seen: '', objects: true, background: true, style: true, kind: true };

test('what the prompt does not say does not count', () => {
  expect(share([true, null, false, null])).toBe(0.5);
  expect(share([null])).toBe(0);
});

test('several objects are right only when objects and number are', () => {
  const several = [right, { ...right, kind: false }, { ...right, objects: false }, right];
  expect(figuresOf([right, { ...right, background: false }], several)).toEqual({
    object: 1,
    background: 0.5,
    style: 1,
    pairs: 0.5,
    counts: 0.5,
  });
});
