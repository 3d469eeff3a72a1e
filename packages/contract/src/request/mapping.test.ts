import { expect, test } from 'vitest';
import { negativePromptOf } from './mapping.ts';

test.each([undefined, null, 'None', 'NONE'])('%j means no negative prompt', (value) => {
  expect(negativePromptOf(value)).toBeNull();
});

test.each(['', ' ', 'none', 'null', 'None of that', 'blurry'])('%j is a text to be encoded', (value) => {
  expect(negativePromptOf(value)).toBe(value);
});
