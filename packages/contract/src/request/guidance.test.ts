import { expect, test } from 'vitest';
import { idleFields, isGuided } from './guidance.ts';

const both = { negativePrompt: '', guidanceRescale: 0.7 };

test('a negative prompt and a rescale have an effect only where a second pass is guided', () => {
  expect(idleFields({ ...both, guidanceScale: 1.5 }, true)).toEqual([]);
  expect(idleFields({ ...both, guidanceScale: 1 }, true)).toEqual(['negativePrompt', 'guidanceRescale']);
  // Its UNet takes the scale as an input.
  expect(idleFields({ ...both, guidanceScale: 8 }, false)).toEqual(['negativePrompt', 'guidanceRescale']);
  expect(isGuided({ guidanceScale: 8 }, false)).toBe(false);
});

test('what a request does not name is not told of', () => {
  expect(idleFields({ guidanceScale: 0 }, true)).toEqual([]);
  expect(idleFields({ guidanceScale: 0, negativePrompt: null, guidanceRescale: 0 }, true)).toEqual([]);
});
