import type { Fault } from '../fault.ts';
import { isWithin, sideStep } from '../limits.ts';
import { PIXELS_PER_MEGAPIXEL } from '../money/price.ts';
import { aspectRatios, sizeOfAspectRatio } from './aspect-ratios.ts';
import { formatSize, type Size } from './size.ts';

/** What one model can draw; part of its configuration. */
export interface SizeLimits {
  readonly minSide: number;
  readonly maxSide: number;
  /** Width × height in units of 1,048,576 pixels. */
  readonly maxMegapixels: number;
}

export const fullModelSizes: SizeLimits = { minSide: 512, maxSide: 1536, maxMegapixels: 1.6 };
export const embeddedModelSizes: SizeLimits = { minSide: 64, maxSide: 256, maxMegapixels: 1.6 };

/** What the request called its sides, so that the message speaks of the same fields. */
export interface SideNames {
  readonly width: string;
  readonly height: string;
}

/** Why a model does not draw this size; undefined when it does. */
export function faultOfSize(size: Size, limits: SizeLimits, names: SideNames = defaultNames): Fault | undefined {
  return (
    faultOfSide(names.width, size.width, limits) ??
    faultOfSide(names.height, size.height, limits) ??
    faultOfArea(names, size, limits)
  );
}

const defaultNames: SideNames = { width: 'img_width', height: 'img_height' };

/** The sizes of the aspect ratios that a model draws, as in "1216x832": what to offer in a list. */
export function offeredSizes(nativeSide: number, limits: SizeLimits): string[] {
  return aspectRatios
    .map((ratio) => sizeOfAspectRatio(ratio, { nativeSide, maxSide: limits.maxSide }))
    .filter((size) => faultOfSize(size, limits) === undefined)
    .map(formatSize);
}

function faultOfSide(param: string, side: number, { minSide: min, maxSide: max }: SizeLimits): Fault | undefined {
  if (Number.isInteger(side) && side % sideStep === 0 && isWithin(side, { min, max })) return undefined;
  const message = `${param} must be a multiple of ${sideStep} from ${min} to ${max} for this model (got ${side})`;
  return { param, message };
}

function faultOfArea(names: SideNames, size: Size, { maxMegapixels }: SizeLimits): Fault | undefined {
  const { width, height } = size;
  const largest = Math.floor(maxMegapixels * PIXELS_PER_MEGAPIXEL);
  if (width * height <= largest) return undefined;
  const message =
    `${names.width} × ${names.height} must be at most ${largest} pixels, ${maxMegapixels} megapixels, for this model ` +
    `(got ${width} × ${height} = ${width * height})`;
  return { param: names.width, message };
}
