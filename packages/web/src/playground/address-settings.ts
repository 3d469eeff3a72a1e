import { type Field, faultOfSize, limits, type Model, parseSize, pictureFields, wireName } from '@easel/contract';
import { controlValues } from './form-controls.ts';
import type { Settings } from './settings.ts';

/**
 * What an address asks for, under the names of the API or their short forms; what is not possible is left out.
 *
 * @example
 * ```text
 * /?prompt=a%20fox&negative=snow&seed=7&steps=30&guidance=4&size=256x144
 * ```
 */
export function settingsOfAddress(query: URLSearchParams, model: Model): Partial<Settings> {
  const asked = new Map(
    Object.entries(pictureFields).map(([name, { form }]: [string, Field]) => {
      const names = form === undefined ? [] : [form.address ?? wireName(name, 'api'), wireName(name, 'api')];
      return [name, names.map((each) => query.get(each)).find((value) => value !== null)] as const;
    }),
  );
  const [prompt, negativePrompt, seedText] = [asked.get('prompt'), asked.get('negativePrompt'), asked.get('seed')];
  const seed = seedText?.trim() ? Number(seedText) : Number.NaN;
  const isSeed = Number.isInteger(seed) && seed >= 0 && seed <= limits.seed.max;
  const size = parseSize(query.get('size')?.replace('×', 'x') ?? '');
  const { min_side: minSide, max_side: maxSide, max_megapixels: maxMegapixels } = model.limits;
  const drawable = { minSide, maxSide, maxMegapixels };
  return {
    ...controlValues(model, (name) => textOrNumber(asked.get(name))),
    ...(prompt != null && { prompt }),
    ...(negativePrompt != null && { negativePrompt }),
    ...(isSeed && { seed }),
    ...(size !== undefined && faultOfSize(size, drawable) === undefined && { ...size, isShapeChosen: true }),
  };
}

/** A number where it is one. */
function textOrNumber(text: string | null | undefined): string | number | undefined {
  if (text == null || text.trim() === '') return undefined;
  return Number.isNaN(Number(text)) ? text : Number(text);
}
