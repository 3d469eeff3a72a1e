import type { DecodedPicture } from '../image/picture.ts';
import type { GeneratedImage, GenerateResult, ModelInfo, PictureSize, Timings, TokenCount } from '../model.ts';
import { isRecord } from './record.ts';

/** What a `load` is answered with. */
export function isModelInfo(value: unknown): value is ModelInfo {
  if (!isRecord(value) || !isRecord(value.defaults) || !Array.isArray(value.components)) return false;
  if (!isRecord(value.sizes) || !Array.isArray(value.sizes.trained)) return false;
  const { width, height, steps, guidanceScale, scheduler } = value.defaults;
  return (
    allStrings(value.path, value.layout, value.family, value.configSource, scheduler) &&
    allNumbers(width, height, steps, guidanceScale)
  );
}

/** What a `generate` is answered with. */
export function isGenerateResult(value: unknown): value is GenerateResult {
  if (!isRecord(value) || !Array.isArray(value.images) || !Array.isArray(value.truncated)) return false;
  return value.images.every(isGeneratedImage) && isRecord(value.used) && isTimings(value.timings);
}

/** What a `tokenize` is answered with. */
export function isTokenCounts(value: unknown): value is readonly TokenCount[] {
  return Array.isArray(value) && value.every(isTokenCount);
}

/** What a `prepare` is answered with. */
export function isNothing(value: unknown): value is undefined {
  return value === undefined;
}

export function isPicture(value: unknown): value is DecodedPicture {
  if (!isRecord(value) || !(value.data instanceof Uint8Array)) return false;
  const { width, height, data } = value;
  return typeof width === 'number' && typeof height === 'number' && data.length === width * height * 3;
}

/** What an `open` is answered with. */
export function isPictureSize(value: unknown): value is PictureSize {
  return isRecord(value) && allNumbers(value.width, value.height);
}

/** What a `fit` is answered with. */
export function isFile(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array;
}

function isGeneratedImage(value: unknown): value is GeneratedImage {
  return isPicture(value) && 'seed' in value && 'timings' in value && isSeed(value.seed) && isTimings(value.timings);
}

function isSeed(value: unknown): value is bigint | null {
  return value === null || typeof value === 'bigint';
}

function isTimings(value: unknown): value is Timings {
  return isRecord(value) && allNumbers(value.encodeMs, value.denoiseMs, value.decodeMs, value.totalMs);
}

function isTokenCount(value: unknown): value is TokenCount {
  return isRecord(value) && allNumbers(value.count, value.limit) && allStrings(value.truncated);
}

function allNumbers(...values: unknown[]): boolean {
  return values.every((value) => typeof value === 'number');
}

function allStrings(...values: unknown[]): boolean {
  return values.every((value) => typeof value === 'string');
}
