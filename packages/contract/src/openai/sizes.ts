import { SIDE_STEP } from '../limits.ts';
import { parseSize, type Size } from '../picture/aspect-ratios.ts';
import { faultOfSize, type SizeLimits, sizeForPicture } from '../picture/sizes.ts';

/** The sizes of OpenAI's own models, which its clients choose from whatever model they speak to. */
const openaiSizes: readonly string[] = [
  '1024x1024',
  '1536x1024',
  '1024x1536',
  '1792x1024',
  '1024x1792',
  '512x512',
  '256x256',
];

/**
 * The size that a model draws for a size of this surface: the size itself where it does, and for one of OpenAI's own the nearest of that
 * shape. Undefined for any other.
 *
 * @example
 * sizeForOpenai('1792x1024', { width: 1024, height: 1024 }, fullModelSizes); // { width: 1344, height: 768 }
 */
export function sizeForOpenai(text: string, native: Size, limits: SizeLimits): Size | undefined {
  // No more of it: a caller may give the defaults of a model.
  if (text === 'auto') return { width: native.width, height: native.height };
  const size = parseSize(text);
  if (size === undefined) return undefined;
  if (faultOfSize(size, limits) === undefined) return size;
  if (!openaiSizes.includes(text)) return undefined;
  const smallest = Math.ceil(limits.minSide / SIDE_STEP) * SIDE_STEP;
  const isTooSmall = size.width === size.height && size.width < limits.minSide;
  return isTooSmall ? { width: smallest, height: smallest } : sizeForPicture(size, native.width, limits);
}
