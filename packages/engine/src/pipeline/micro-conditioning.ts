import type { MicroConditioning } from '../model.ts';
import { sinusoid } from './sinusoid.ts';

/** [original height, original width, crop top, crop left, target height, target width] */
export type TimeIds = readonly number[];

/** The six numbers for both halves of guidance (Podell et al. 2023, §2.2). The negative half differs only when both its sizes are given. */
export function timeIds(
  size: { readonly height: number; readonly width: number },
  given: MicroConditioning = {},
): { readonly positive: TimeIds; readonly negative: TimeIds } {
  const actual = [size.height, size.width] as const;
  const positive = [
    ...(given.originalSize ?? actual),
    ...(given.cropTopLeft ?? [0, 0]),
    ...(given.targetSize ?? actual),
  ];
  const { negativeOriginalSize, negativeCropTopLeft = [0, 0], negativeTargetSize } = given;
  if (!negativeOriginalSize || !negativeTargetSize) return { positive, negative: positive };
  return { positive, negative: [...negativeOriginalSize, ...negativeCropTopLeft, ...negativeTargetSize] };
}

/** [P + 6·D]: the pooled text, then the sinusoid of each id. */
export function additionVector(pooled: Float32Array, ids: TimeIds, dimension: number): Float32Array {
  const vector = new Float32Array(pooled.length + ids.length * dimension);
  vector.set(pooled);
  ids.forEach((id, index) => {
    vector.set(sinusoid(id, dimension), pooled.length + index * dimension);
  });
  return vector;
}
