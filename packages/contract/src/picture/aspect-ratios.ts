import { sideStep } from '../limits.ts';
import type { Size } from './size.ts';

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

const sdxlSide = 1024;

/**
 * The size for a ratio: SDXL's bucket, scaled for a model of another native size.
 *
 * @param nativeSide the model's native side in pixels
 * @example
 * sizeOfAspectRatio('16:9', 1024); // { width: 1344, height: 768 }
 * sizeOfAspectRatio('16:9', 128); // { width: 168, height: 96 }
 */
export function sizeOfAspectRatio(ratio: AspectRatio, nativeSide: number): Size {
  const { width, height } = sdxlBuckets[ratio];
  return { width: scaled(width, nativeSide), height: scaled(height, nativeSide) };
}

function scaled(side: number, nativeSide: number): number {
  return Math.round((side * nativeSide) / sdxlSide / sideStep) * sideStep;
}
