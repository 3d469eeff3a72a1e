import { Check } from 'typebox/schema';
import { expect, test } from 'vitest';
import { problemOfCode, problemSchema } from './problem.ts';

test('the code decides type, title and status', () => {
  const problem = problemOfCode('insufficient_credits');
  expect(problem).toEqual({
    type: 'urn:problem-type:easel:insufficient_credits',
    title: 'Insufficient credits',
    status: 406,
    code: 'insufficient_credits',
  });
  expect(Check(problemSchema, { ...problem, detail: 'the price is 0.0037 credits', request_id: 'r' })).toBe(true);
  expect(Check(problemSchema, { ...problem, code: 'other', detail: 'x', request_id: 'r' })).toBe(false);
});
