import { resizeLanczos } from './lanczos.ts';
import type { Box, DecodedPicture } from './picture.ts';

/** Where a picture is repainted: one byte per pixel, row by row, 255 repainted, 0 kept. */
export interface Mask {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** The brightness of a picture as a mask: ITU-R 601 luma in fixed point, as Pillow's `convert('L')` computes it. */
export function brightnessMask({ width, height, data }: DecodedPicture): Mask {
  const mask = new Uint8Array(width * height);
  for (let i = 0; i < mask.length; i++) {
    mask[i] = (data[3 * i] * 19_595 + data[3 * i + 1] * 38_470 + data[3 * i + 2] * 7_471 + 0x8000) >> 16;
  }
  return { width, height, data: mask };
}

/** A mask as a grey picture. */
export function maskPicture({ width, height, data }: Mask): DecodedPicture {
  const pixels = new Uint8Array(3 * data.length);
  for (let i = 0; i < data.length; i++) pixels.fill(data[i], 3 * i, 3 * i + 3);
  return { width, height, data: pixels };
}

/** What a function of pictures makes of a mask. */
export function throughPicture(mask: Mask, change: (picture: DecodedPicture) => DecodedPicture): Mask {
  const { width, height, data } = change(maskPicture(mask));
  return { width, height, data: Uint8Array.from({ length: width * height }, (_, i) => data[3 * i]) };
}

/** Stretched to a size, as the reference does it. */
export function resizeMask(mask: Mask, width: number, height: number): Mask {
  if (mask.width === width && mask.height === height) return mask;
  return throughPicture(mask, (picture) => resizeLanczos(picture, width, height));
}

/** The smallest box that holds all that is not quite black; undefined: there is nothing. */
export function boundsOf({ width, height, data }: Mask): Box | undefined {
  let [left, top, right, bottom] = [width, height, 0, 0];
  data.forEach((value, i) => {
    if (value === 0) return;
    const [x, y] = [i % width, Math.floor(i / width)];
    left = Math.min(left, x);
    right = Math.max(right, x + 1);
    top = Math.min(top, y);
    bottom = y + 1;
  });
  return right === 0 ? undefined : { left, top, right, bottom };
}

/**
 * The part of a picture that is painted when only the surroundings of the mask are: its bounds with `padding` pixels on each side, then
 * widened to the aspect ratio of `shape`, and moved back inside where that goes beyond an edge. As the reference's `get_crop_region`.
 */
export function paddedBox(
  bounds: Box,
  { width, height }: Pick<Mask, 'width' | 'height'>,
  shape: { readonly width: number; readonly height: number },
  padding: number,
): Box {
  const [left, right] = [Math.max(bounds.left - padding, 0), Math.min(bounds.right + padding, width)];
  const [top, bottom] = [Math.max(bounds.top - padding, 0), Math.min(bounds.bottom + padding, height)];
  const ratio = shape.width / shape.height;
  if ((right - left) / (bottom - top) > ratio) {
    const [from, to] = widened(top, bottom, (right - left) / ratio, height);
    return { left, top: from, right, bottom: to };
  }
  const [from, to] = widened(left, right, (bottom - top) * ratio, width);
  return { left: from, top, right: to, bottom };
}

/** A stretch made `wanted` long about its centre, within 0 … `end`. */
function widened(from: number, to: number, wanted: number, end: number): readonly [number, number] {
  const missing = Math.trunc(wanted - (to - from));
  let start = from - Math.floor(missing / 2);
  let stop = to + missing - Math.floor(missing / 2);
  if (stop >= end) {
    start -= stop - end;
    stop = end;
  }
  if (start < 0) {
    stop -= start;
    start = 0;
  }
  return [start, Math.min(stop, end)];
}

const BLUR_PASSES = 3;

/**
 * A Gaussian blur of that standard deviation in pixels, by three box blurs per axis whose edges count in part (Gwosdek et al. 2011,
 * "Theoretical Foundations of Gaussian Convolution by Extended Box Filtering"). As Pillow's `GaussianBlur`, the rounding to 8 bits after each included.
 */
export function blurMask({ width, height, data }: Mask, radius: number): Mask {
  if (radius === 0) return { width, height, data };
  const variance = radius ** 2 / BLUR_PASSES;
  const whole = Math.floor((Math.sqrt(12 * variance + 1) - 1) / 2);
  const share = ((2 * whole + 1) * (whole * (whole + 1) - 3 * variance)) / (6 * (variance - (whole + 1) ** 2));
  const box = Math.fround(whole + share);
  const blurred = Uint8Array.from(data);
  for (let y = 0; y < height; y++) blurLine(blurred, y * width, 1, width, box);
  for (let x = 0; x < width; x++) blurLine(blurred, x, width, height, box);
  return { width, height, data: blurred };
}

/** All passes over one row or column, in place; beyond the ends the last values continue. */
function blurLine(values: Uint8Array, first: number, step: number, length: number, radius: number): void {
  const reach = Math.trunc(radius);
  const weight = Math.trunc(Math.fround(2 ** 24 / Math.fround(radius * 2 + 1)));
  const edge = Math.trunc((2 ** 24 - (reach * 2 + 1) * weight) / 2);
  let line = Array.from({ length }, (_, i) => values[first + i * step]);
  for (let pass = 0; pass < BLUR_PASSES; pass++) {
    const at = (i: number) => line[Math.min(Math.max(i, 0), length - 1)];
    let sum = 0;
    for (let k = -reach - 1; k < reach; k++) sum += at(k);
    const next: number[] = [];
    for (let i = 0; i < length; i++) {
      sum += at(i + reach) - at(i - reach - 1);
      const total = sum * weight + (at(i - reach - 1) + at(i + reach + 1)) * edge;
      next.push(Math.floor((total + 2 ** 23) / 2 ** 24));
    }
    line = next;
  }
  line.forEach((value, i) => {
    values[first + i * step] = value;
  });
}

/**
 * The painted picture where the mask is white, the original where it is black, in proportion between: pixels that were to be kept are
 * those of the original, which no VAE gives back exactly. As the reference's `apply_overlay`, with the roundings of Pillow, which multiplies
 * by the opacity, divides by it again, and then blends.
 */
export function overlay(original: DecodedPicture, painted: DecodedPicture, { data: mask }: Mask): DecodedPicture {
  const data = Uint8Array.from(painted.data, (value, i) => {
    const opacity = 255 - mask[Math.floor(i / 3)];
    if (opacity === 0) return value;
    const kept = Math.min(255, Math.floor((255 * dividedBy255(original.data[i] * opacity)) / opacity));
    return dividedBy255(kept * opacity + value * (255 - opacity));
  });
  return { width: original.width, height: original.height, data };
}

/** Rounded, for products of two bytes. */
function dividedBy255(product: number): number {
  const half = product + 128;
  return ((half >> 8) + half) >> 8;
}

/** Pixels on each side. */
export interface Margins {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/**
 * A picture with more space around it, and the mask that has that space painted. The space is filled with the outermost pixels, which is what
 * the networks see at its border. Both sides are rounded up to a multiple of 8, at the right and at the bottom.
 *
 * @example
 * const { picture: wide, mask } = extendCanvas(picture, { left: 128, right: 128, top: 0, bottom: 0 });
 * const { width, height } = wide;
 * await model.generate({ prompt: 'a wide beach', width, height, image: { picture: wide, mask } });
 */
export function extendCanvas(picture: DecodedPicture, margins: Margins): { picture: DecodedPicture; mask: Mask } {
  const { left, top } = margins;
  const [width, height] = [picture.width + left + margins.right, picture.height + top + margins.bottom].map(
    (side) => Math.ceil(side / 8) * 8,
  );
  const data = new Uint8Array(3 * width * height);
  const mask = new Uint8Array(width * height).fill(255);
  for (let y = 0; y < height; y++) {
    const row = Math.min(Math.max(y - top, 0), picture.height - 1);
    for (let x = 0; x < width; x++) {
      const from = 3 * (row * picture.width + Math.min(Math.max(x - left, 0), picture.width - 1));
      data.set(picture.data.subarray(from, from + 3), 3 * (y * width + x));
    }
    if (row === y - top) mask.fill(0, y * width + left, y * width + left + picture.width);
  }
  return { picture: { width, height, data }, mask: { width, height, data: mask } };
}
