import type { Fault } from '../errors.ts';
import { isWithin, limits, SIDE_STEP, upscaledLimits } from '../limits.ts';
import { finishedSize, PIXELS_PER_MEGAPIXEL } from '../money/price.ts';
import type { FieldValues } from '../request/shapes.ts';
import {
  type AspectRatio,
  aspectRatios,
  formatSize,
  type Size,
  sdxlBuckets,
  sizeOfAspectRatio,
} from './aspect-ratios.ts';

/** The fields of a body that say how large the picture is to be. */
interface SizeFields {
  readonly img_width?: number | undefined;
  readonly img_height?: number | undefined;
  readonly width?: number | undefined;
  readonly height?: number | undefined;
  readonly aspect_ratio?: AspectRatio | undefined;
}

type AskedSize = Pick<FieldValues, 'width' | 'height' | 'aspectRatio'>;

/**
 * The size a valid request asks for; a side it does not name is the model's native one.
 *
 * @example
 * requestedSize({ aspectRatio: '4:3' }, { width: 1024, height: 1024 }, fullModelSizes); // { width: 1152, height: 896 }
 */
export function requestedSize(
  { width, height, aspectRatio }: AskedSize,
  native: Size,
  { maxSide }: Pick<SizeLimits, 'maxSide'>,
): Size {
  if (aspectRatio !== undefined) return sizeOfAspectRatio(aspectRatio, { nativeSide: native.width, maxSide });
  return { width: width ?? native.width, height: height ?? native.height };
}

/** Whether a request says how large the picture is to be. */
export function namesSize({ width, height, aspectRatio }: AskedSize): boolean {
  return [width, height, aspectRatio].some((each) => each !== undefined);
}

/**
 * Why the size fields contradict each other; undefined when they do not. The message begins with the field at fault.
 * Values of the wrong type are left to the fields' own schemas.
 */
export function sizeContradiction(fields: SizeFields): string | undefined {
  const { img_width, img_height, width, height, aspect_ratio } = fields;
  if (differ(width, img_width)) return `width is another name of img_width: give one (got ${width} and ${img_width})`;
  if (differ(height, img_height))
    return `height is another name of img_height: give one (got ${height} and ${img_height})`;
  const hasSides = [img_width, img_height, width, height].some((side) => side !== undefined);
  if (aspect_ratio !== undefined && hasSides)
    return `aspect_ratio chooses both sides: give it or img_width and img_height (got ${aspect_ratio} and a size)`;
  return undefined;
}

function differ(one: number | undefined, other: number | undefined): boolean {
  return typeof one === 'number' && typeof other === 'number' && one !== other;
}

/** What one model can draw; part of its configuration. */
export interface SizeLimits {
  readonly minSide: number;
  readonly maxSide: number;
  /** Width × height in units of 1,048,576 pixels. */
  readonly maxMegapixels: number;
}

export const fullModelSizes: SizeLimits = { minSide: 512, maxSide: 1536, maxMegapixels: 1.6 };
/** The side of the square that those limits are meant for. */
const fullModelSide = sdxlBuckets['1:1'].width;

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

/** Why a picture of this size is not enlarged by so much; undefined when it is. */
export function faultOfUpscale(size: Size, upscale: number | null | undefined): Fault | undefined {
  const { width, height } = finishedSize({ ...size, upscale: upscale ?? 1 });
  const { side, pixels } = upscaledLimits;
  if ((upscale ?? 1) === 1 || (Math.max(width, height) <= side && width * height <= pixels)) return undefined;
  const message =
    `upscale must make a picture of at most ${pixels} pixels, with sides of at most ${side} ` +
    `(got ${upscale} for ${size.width}×${size.height}: ${width}×${height} = ${width * height})`;
  return { param: 'upscale', message };
}

/** The sizes of the aspect ratios that a model draws, as in "1216x832": what to offer in a list. */
export function offeredSizes(nativeSide: number, limits: SizeLimits): string[] {
  return shapesOf(nativeSide, limits).map(formatSize);
}

/**
 * The size of what is drawn from a picture when none is named: the size the model was trained on whose shape is nearest.
 * The picture is cropped to that shape at its centre, never distorted.
 *
 * @example
 * sizeForPicture({ width: 3000, height: 2000 }, 1024, fullModelSizes); // { width: 1216, height: 832 }
 */
export function sizeForPicture({ width, height }: Size, nativeSide: number, limits: SizeLimits): Size {
  const distance = (size: Size) => Math.abs(Math.log(size.width / size.height / (width / height)));
  const [first, ...others] = shapesOf(nativeSide, limits);
  const square = { width: nativeSide, height: nativeSide };
  return others.reduce((best, size) => (distance(size) < distance(best) ? size : best), first ?? square);
}

/**
 * The limits of a full-size model, brought to those of a model of another native size: half to one and a half times its side, so that
 * what it draws by itself is always among them.
 */
export function sizesForNative(nativeSide: number, full: SizeLimits = fullModelSizes): SizeLimits {
  const scale = nativeSide / fullModelSide;
  const scaled = (side: number) =>
    Math.min(Math.max(Math.round((side * scale) / SIDE_STEP) * SIDE_STEP, limits.side.min), limits.side.max);
  return {
    minSide: scaled(full.minSide),
    maxSide: scaled(full.maxSide),
    maxMegapixels: full.maxMegapixels * scale ** 2,
  };
}

/** The sizes of the aspect ratios that a model draws. */
function shapesOf(nativeSide: number, limits: SizeLimits): Size[] {
  return aspectRatios
    .map((ratio) => sizeOfAspectRatio(ratio, { nativeSide, maxSide: limits.maxSide }))
    .filter((size) => faultOfSize(size, limits) === undefined);
}

function faultOfSide(param: string, side: number, { minSide: min, maxSide: max }: SizeLimits): Fault | undefined {
  if (Number.isInteger(side) && side % SIDE_STEP === 0 && isWithin(side, { min, max })) return undefined;
  const message = `${param} must be a multiple of ${SIDE_STEP} from ${min} to ${max} for this model (got ${side})`;
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
