import { expect, test } from 'vitest';
import { commentExamples, faultsOf } from './comment-examples.ts';

test('every example of a comment compiles, with what its file and its package export', () => {
  const examples = commentExamples();
  expect(examples.length).toBeGreaterThan(30);
  expect(faultsOf(examples)).toEqual([]);
});

test('an example that calls what there is not, or in another way, is found', () => {
  const file = 'packages/contract/src/seeds.ts';
  const example = (code: string) => ({ name: code, file, code });
  expect(faultsOf([example('seedOfSample(7, 2);'), example("seedOfSample('7');"), example('seedOf(7);')])).toEqual([
    "seedOfSample('7');: Expected 2 arguments, but got 1.",
    "seedOf(7);: Cannot find name 'seedOf'.",
  ]);
});
