import { faultOfSize, isWithin, limits, type Model, parseSize, type Range } from '@easel/contract';
import type { Settings } from './settings.ts';

/**
 * What an address asks for, under the names of the API or their short forms; what is not possible is left out.
 *
 * @example
 * /?prompt=a%20fox&negative=snow&seed=7&steps=30&guidance=4&size=256x144
 */
export function settingsOfAddress(query: URLSearchParams, model: Model): Partial<Settings> {
  const number = (range: Range, ...names: readonly string[]) => {
    const text = names.map((name) => query.get(name)).find((value) => value !== null);
    return text?.trim() && isWithin(Number(text), range) ? Number(text) : undefined;
  };
  const whole = (range: Range, ...names: readonly string[]) => {
    const value = number(range, ...names);
    return Number.isInteger(value) ? value : undefined;
  };
  const prompt = query.get('prompt');
  const negativePrompt = query.get('negative') ?? query.get('negative_prompt');
  const seed = whole({ min: 0, max: limits.seed.max }, 'seed');
  const steps = whole(limits.steps, 'steps', 'num_inference_steps');
  const guidanceScale = number(limits.guidanceScale, 'guidance', 'guidance_scale');
  const samples = whole(limits.samples, 'samples');
  const size = parseSize(query.get('size')?.replace('×', 'x') ?? '');
  const { min_side: minSide, max_side: maxSide, max_megapixels: maxMegapixels } = model.limits;
  const drawable = { minSide, maxSide, maxMegapixels };
  return {
    ...(prompt !== null && { prompt }),
    ...(negativePrompt !== null && { negativePrompt }),
    ...(seed !== undefined && { seed }),
    ...(steps !== undefined && { steps }),
    ...(guidanceScale !== undefined && { guidanceScale }),
    ...(samples !== undefined && { samples }),
    ...(size !== undefined && faultOfSize(size, drawable) === undefined && { ...size, isShapeChosen: true }),
  };
}
