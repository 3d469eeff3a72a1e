import { engineFields } from '@easel/contract/fields';
import type { DecodedPicture, GenerateRequest, MicroConditioning, SizeHW } from '@easel/engine';
import type { PixelPoint, PixelSize } from '../arguments/size-argument.ts';
import type { RequestFlags } from './generate-flags.ts';

/** The engine's request for the options: what is absent stays absent, so that the model's defaults apply. */
export function buildRequest(
  prompt: string,
  flags: RequestFlags,
  seeds: readonly [number, ...number[]],
  picture?: DecodedPicture,
): GenerateRequest {
  const { size: { width, height } = flags, strength, ...values } = flags;
  const asked = { ...values, prompt, width, height };
  return {
    schedulerOverrides: {},
    ...engineFields(asked),
    ...(flags.generator === 'shared' ? { generator: 'shared', seed: seeds[0] } : { seeds }),
    ...(picture !== undefined && { image: { picture, ...(strength !== undefined && { strength }) } }),
    microConditioning: microConditioning(flags),
  };
}

function microConditioning(flags: RequestFlags): MicroConditioning {
  const { originalSize, crop, targetSize, negativeOriginalSize, negativeCrop, negativeTargetSize } = flags;
  return {
    ...(originalSize !== undefined && { originalSize: heightFirst(originalSize) }),
    ...(crop !== undefined && { cropTopLeft: topFirst(crop) }),
    ...(targetSize !== undefined && { targetSize: heightFirst(targetSize) }),
    ...(negativeOriginalSize !== undefined && { negativeOriginalSize: heightFirst(negativeOriginalSize) }),
    ...(negativeCrop !== undefined && { negativeCropTopLeft: topFirst(negativeCrop) }),
    ...(negativeTargetSize !== undefined && { negativeTargetSize: heightFirst(negativeTargetSize) }),
  };
}

function heightFirst({ width, height }: PixelSize): SizeHW {
  return [height, width];
}

function topFirst({ x, y }: PixelPoint): readonly [top: number, left: number] {
  return [y, x];
}
