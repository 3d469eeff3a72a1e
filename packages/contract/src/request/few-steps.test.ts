import { expect, test } from 'vitest';
import { fewStepsText } from './few-steps.ts';

test('only the profile fast needs twenty steps', () => {
  expect(fewStepsText({ profile: 'fast', steps: 19 })).toContain('with 19 steps');
  expect(fewStepsText({ profile: 'fast', steps: 1 })).toContain('with 1 step the profile');
  for (const request of [{ profile: 'fast', steps: 20 } as const, { profile: 'int8', steps: 4 } as const, { steps: 4 }])
    expect(fewStepsText(request)).toBeUndefined();
});
