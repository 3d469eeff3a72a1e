import type { JobCreate, PriceQuery } from '@easel/contract';
import { jobOf, MOST_PROMPTS, promptCount, promptsOf, type Settings } from '../../settings/settings.ts';
import { priceQueryOf } from '../use-price.ts';

/** A picture that can be drafted. */
export interface Draftable {
  /** What generates it. */
  readonly request: JobCreate;
  /** The question for its price. */
  readonly query: PriceQuery;
}

/**
 * What a picture with these settings is drafted from: the first of several prompts, and the first of several pictures. Undefined where there is nothing
 * to draft: no prompt, or a start image, which drafts do not have.
 */
export function draftableOf(settings: Settings): Draftable | undefined {
  if (settings.startImage !== null || promptCount(settings) > MOST_PROMPTS) return undefined;
  const [prompt = ''] = promptsOf(settings);
  if (prompt.trim() === '') return undefined;
  const one = { ...settings, prompt, samples: 1 };
  return { request: jobOf(one), query: priceQueryOf(one) };
}
