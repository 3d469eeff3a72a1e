import { expect, test } from 'vitest';
import { previewSteps } from './replies.ts';

test('previews are spread evenly, and none is of the last step', () => {
  expect(previewSteps(25, 0)).toEqual([]);
  expect(previewSteps(25, 1)).toEqual([13]);
  expect(previewSteps(25, 3)).toEqual([6, 13, 19]);
  expect(previewSteps(1, 3)).toEqual([]);
});
