import { SIDE_STEP } from '../limits.ts';

/** In pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

const spelling = /^(?<width>[1-9]\d{1,3})x(?<height>[1-9]\d{1,3})$/;

/** Reads "1216x832"; undefined for anything else, "auto" included. */
export function parseSize(text: string): Size | undefined {
  const sides = spelling.exec(text)?.groups;
  return sides && { width: Number(sides.width), height: Number(sides.height) };
}

export function formatSize({ width, height }: Size): string {
  return `${width}x${height}`;
}

export const aspectRatios = ['1:1', '4:3', '3:4', '3:2', '2:3', '16:9', '9:16', '21:9', '9:21'] as const;
export type AspectRatio = (typeof aspectRatios)[number];

/** The training sizes of SDXL nearest to each ratio, all of about one megapixel (SDXL, arXiv:2307.01952, appendix I). */
export const sdxlBuckets = {
  '1:1': { width: 1024, height: 1024 },
  '4:3': { width: 1152, height: 896 },
  '3:4': { width: 896, height: 1152 },
  '3:2': { width: 1216, height: 832 },
  '2:3': { width: 832, height: 1216 },
  '16:9': { width: 1344, height: 768 },
  '9:16': { width: 768, height: 1344 },
  '21:9': { width: 1536, height: 640 },
  '9:21': { width: 640, height: 1536 },
} as const satisfies Record<AspectRatio, Size>;

const SDXL_SIDE = 1024;

/** What a model makes of a ratio, in pixels. */
export interface RatioLimits {
  /** The side of the square that the model draws when no size is named. */
  readonly nativeSide: number;
  /** The longest side that it draws. */
  readonly maxSide: number;
}

/**
 * The size for a ratio: SDXL's bucket, scaled for a model of another native size, and until its longer side fits.
 *
 * @example
 * sizeOfAspectRatio('16:9', { nativeSide: 1024, maxSide: 1536 }); // { width: 1344, height: 768 }
 * sizeOfAspectRatio('16:9', { nativeSide: 256, maxSide: 256 }); // { width: 256, height: 144 }
 */
export function sizeOfAspectRatio(ratio: AspectRatio, { nativeSide, maxSide }: RatioLimits): Size {
  const { width, height } = sdxlBuckets[ratio];
  const scale = Math.min(nativeSide / SDXL_SIDE, maxSide / Math.max(width, height));
  const scaled = (side: number) => Math.round((side * scale) / SIDE_STEP) * SIDE_STEP;
  return { width: scaled(width), height: scaled(height) };
}
