import { EngineError } from '../errors.ts';
import type { Box, DecodedPicture } from './picture.ts';

/** Fixed-point fraction bits of a weight: 32 − 8 (the pixel) − 2 (weights may sum to a little over 1 in magnitude). */
const PRECISION_BITS = 32 - 8 - 2;
/** Lobes of the kernel on each side of its centre. */
const SUPPORT = 3;

/** One axis of a resize: output pixel i is the sum over k < counts[i] of weights[i * stride + k] · input[starts[i] + k]. */
interface Axis {
  readonly starts: Int32Array;
  readonly counts: Int32Array;
  readonly weights: Int32Array;
  readonly stride: number;
}

/**
 * Resizes with the Lanczos-3 kernel, widened by the scale when shrinking (C. E. Duchon 1979; Turkowski, Graphics Gems I).
 * Bit for bit what Pillow 13's `Image.resize((width, height), Image.LANCZOS)` gives for 8-bit RGB: weights in fixed point,
 * two passes with 8-bit rounding between them, a pass skipped when its size stays the same.
 * The reference implementation prepares image-to-image inputs with it.
 *
 * @throws EngineError `invalid_request` when a side is not a whole number from 1.
 */
export function resizeLanczos(picture: DecodedPicture, width: number, height: number): DecodedPicture {
  if (!(Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0)) {
    throw new EngineError(
      'invalid_request',
      `a picture cannot be resized to ${width}×${height}: sides are whole numbers from 1`,
    );
  }
  return losesMoreRows(picture, width, height)
    ? resizeWidth(resizeHeight(picture, height), width)
    : resizeHeight(resizeWidth(picture, width), height);
}

/**
 * The order shows in the result, by a level or a few, because of the rounding between the passes. Pillow goes along the rows first unless more than
 * twice as many rows as columns disappear; before version 13 it always went along the rows first.
 */
function losesMoreRows(picture: DecodedPicture, width: number, height: number): boolean {
  return picture.height - height > Math.max(0, 2 * (picture.width - width));
}

/**
 * The centre of a picture, cropped to the aspect ratio of a size, as large as possible, so that scaling does not distort it. One that
 * already has that ratio, to the pixel, is returned unchanged.
 */
export function cropToShape(
  picture: DecodedPicture,
  shape: { readonly width: number; readonly height: number },
): DecodedPicture {
  const scale = Math.min(picture.width / shape.width, picture.height / shape.height);
  const width = Math.max(1, Math.round(shape.width * scale));
  const height = Math.max(1, Math.round(shape.height * scale));
  if (width === picture.width && height === picture.height) return picture;
  const left = Math.floor((picture.width - width) / 2);
  const top = Math.floor((picture.height - height) / 2);
  return cropPicture(picture, { left, top, right: left + width, bottom: top + height });
}

/** A part of a picture. */
export function cropPicture(picture: DecodedPicture, { left, top, right, bottom }: Box): DecodedPicture {
  const [width, height] = [right - left, bottom - top];
  const data = new Uint8Array(3 * width * height);
  for (let row = 0; row < height; row += 1) {
    const start = 3 * ((top + row) * picture.width + left);
    data.set(picture.data.subarray(start, start + 3 * width), 3 * width * row);
  }
  return { width, height, data };
}

/** A copy with another picture put into it, which must fit. */
export function pastePicture(onto: DecodedPicture, part: DecodedPicture, left: number, top: number): DecodedPicture {
  const data = Uint8Array.from(onto.data);
  for (let row = 0; row < part.height; row += 1) {
    const line = part.data.subarray(3 * row * part.width, 3 * (row + 1) * part.width);
    data.set(line, 3 * ((top + row) * onto.width + left));
  }
  return { ...onto, data };
}

/**
 * Scaled into a size without distortion, in its middle; what is left of the size is filled with the outermost rows or columns. As the
 * reference's resizing in mode `fill`.
 */
export function resizeFilling(picture: DecodedPicture, width: number, height: number): DecodedPicture {
  const isTall = width / height < picture.width / picture.height;
  const inner = {
    width: isTall ? width : Math.floor((picture.width * height) / picture.height),
    height: isTall ? Math.floor((picture.height * width) / picture.width) : height,
  };
  const resized = resizeLanczos(picture, inner.width, inner.height);
  const left = Math.floor(width / 2) - Math.floor(inner.width / 2);
  const top = Math.floor(height / 2) - Math.floor(inner.height / 2);
  const data = new Uint8Array(3 * width * height);
  for (let y = 0; y < height; y += 1) {
    const row = Math.min(Math.max(y - top, 0), inner.height - 1);
    for (let x = 0; x < width; x += 1) {
      const from = 3 * (row * inner.width + Math.min(Math.max(x - left, 0), inner.width - 1));
      data.set(resized.data.subarray(from, from + 3), 3 * (y * width + x));
    }
  }
  return { width, height, data };
}

/** Scaled to cover a size without distortion; of what is too much the middle is kept. As the reference's resizing in mode `crop`. */
export function resizeCovering(picture: DecodedPicture, width: number, height: number): DecodedPicture {
  const isWide = width / height > picture.width / picture.height;
  const whole = {
    width: isWide ? width : Math.floor((picture.width * height) / picture.height),
    height: isWide ? Math.floor((picture.height * width) / picture.width) : height,
  };
  const resized = resizeLanczos(picture, whole.width, whole.height);
  const left = Math.max(Math.floor(whole.width / 2) - Math.floor(width / 2), 0);
  const top = Math.max(Math.floor(whole.height / 2) - Math.floor(height / 2), 0);
  return cropPicture(resized, { left, top, right: left + width, bottom: top + height });
}

function resizeWidth(picture: DecodedPicture, width: number): DecodedPicture {
  if (width === picture.width) return picture;
  const { height, data: source } = picture;
  const axis = lanczosAxis(picture.width, width);
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    const row = y * picture.width * 3;
    for (let x = 0; x < width; x++) {
      weightedPixel(source, row + axis.starts[x] * 3, 3, axis, x, data, (y * width + x) * 3);
    }
  }
  return { width, height, data };
}

function resizeHeight(picture: DecodedPicture, height: number): DecodedPicture {
  if (height === picture.height) return picture;
  const { width, data: source } = picture;
  const axis = lanczosAxis(picture.height, height);
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    const firstRow = axis.starts[y] * width * 3;
    for (let x = 0; x < width; x++) {
      weightedPixel(source, firstRow + x * 3, width * 3, axis, y, data, (y * width + x) * 3);
    }
  }
  return { width, height, data };
}

/** Sums three channels at once; `step` is the distance between neighbouring pixels along the axis. */
function weightedPixel(
  source: Uint8Array,
  from: number,
  step: number,
  axis: Axis,
  index: number,
  target: Uint8Array,
  to: number,
): void {
  const half = 1 << (PRECISION_BITS - 1);
  let red = half;
  let green = half;
  let blue = half;
  const first = index * axis.stride;
  for (let k = 0, at = from; k < axis.counts[index]; k++, at += step) {
    const weight = axis.weights[first + k];
    red += source[at] * weight;
    green += source[at + 1] * weight;
    blue += source[at + 2] * weight;
  }
  target[to] = toByte(red);
  target[to + 1] = toByte(green);
  target[to + 2] = toByte(blue);
}

function toByte(fixedPoint: number): number {
  return Math.min(Math.max(fixedPoint >> PRECISION_BITS, 0), 255);
}

function lanczosAxis(inputSize: number, outputSize: number): Axis {
  const scale = inputSize / outputSize;
  const widening = Math.max(scale, 1);
  const support = SUPPORT * widening;
  const stride = Math.ceil(support) * 2 + 1;
  const starts = new Int32Array(outputSize);
  const counts = new Int32Array(outputSize);
  const weights = new Int32Array(outputSize * stride);
  const exact = new Float64Array(stride);
  for (let i = 0; i < outputSize; i++) {
    const center = (i + 0.5) * scale;
    const start = Math.max(Math.trunc(center - support + 0.5), 0);
    const count = Math.min(Math.trunc(center + support + 0.5), inputSize) - start;
    let sum = 0;
    for (let k = 0; k < count; k++) {
      // Multiplied by the reciprocal, not divided, to round as Pillow does.
      exact[k] = lanczos((k + start - center + 0.5) * (1 / widening));
      sum += exact[k];
    }
    for (let k = 0; k < count; k++) {
      const weight = (exact[k] / sum) * 2 ** PRECISION_BITS;
      weights[i * stride + k] = Math.trunc(weight < 0 ? weight - 0.5 : weight + 0.5);
    }
    starts[i] = start;
    counts[i] = count;
  }
  return { starts, counts, weights, stride };
}

function lanczos(x: number): number {
  return x >= -SUPPORT && x < SUPPORT ? sinc(x) * sinc(x / SUPPORT) : 0;
}

function sinc(x: number): number {
  if (x === 0) return 1;
  const angle = x * Math.PI;
  return Math.sin(angle) / angle;
}
