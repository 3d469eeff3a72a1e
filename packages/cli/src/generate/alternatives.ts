import { combinationCount, combinationsOf } from '@easel/contract/fields';
import { CodedError } from '@easel/errors';

/** How `--alternatives` reads `{a|b}`. */
export const alternativeModes = ['all', 'random'] as const;
export type AlternativeMode = (typeof alternativeModes)[number];

/** More would not be what somebody meant, and each is a picture. */
const MAX_COMBINATIONS = 1000;

/**
 * Every combination of a prompt's alternatives.
 *
 * @throws CodedError `usage` for more than a thousand
 */
export function allCombinations(prompt: string): readonly [string, ...string[]] {
  const count = combinationCount(prompt);
  if (count > MAX_COMBINATIONS) {
    const many = count > 1e6 ? 'more than a million' : count;
    throw new CodedError('usage', `the prompt has ${many} combinations, at most ${MAX_COMBINATIONS} are drawn`, {
      remedy: 'use fewer alternatives, or --alternatives random',
    });
  }
  return combinationsOf(prompt);
}
