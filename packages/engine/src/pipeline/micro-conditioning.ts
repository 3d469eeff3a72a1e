import type { TimeIds } from '../components/unet/unet.ts';
import type { MicroConditioning } from '../model.ts';

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
