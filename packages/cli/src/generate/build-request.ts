import type { DecodedPicture, GenerateRequest, MicroConditioning, SchedulerOverrides, SizeHW } from '@easel/engine';
import type { PixelPoint, PixelSize } from '../arguments/size-argument.ts';
import type { RequestFlags } from './generate-flags.ts';

/** The engine's request for the options: what is absent stays absent, so that the model's defaults apply. */
export function buildRequest(
  prompt: string,
  flags: RequestFlags,
  seeds: readonly [number, ...number[]],
  picture?: DecodedPicture,
): GenerateRequest {
  const { prompt2, negativePrompt, negativePrompt2, steps, guidanceScale, guidanceRescale, scheduler, strength } =
    flags;
  const { width, height } = flags.size ?? flags;
  const isShared = flags.generator === 'shared';
  return {
    prompt,
    samples: flags.samples,
    ...(isShared ? { generator: 'shared', seed: seeds[0] } : { seeds }),
    ...(prompt2 !== undefined && { prompt2 }),
    ...(negativePrompt !== undefined && { negativePrompt }),
    ...(negativePrompt2 !== undefined && { negativePrompt2 }),
    ...(width !== undefined && { width }),
    ...(height !== undefined && { height }),
    ...(steps !== undefined && { steps }),
    ...(guidanceScale !== undefined && { guidanceScale }),
    ...(guidanceRescale !== undefined && { guidanceRescale }),
    ...(scheduler !== undefined && { scheduler }),
    ...(picture !== undefined && { image: { picture, ...(strength !== undefined && { strength }) } }),
    schedulerOverrides: schedulerOverrides(flags),
    microConditioning: microConditioning(flags),
  };
}

function schedulerOverrides({ sigmaSchedule, solverOrder, solverType }: RequestFlags): SchedulerOverrides {
  return {
    ...(sigmaSchedule !== undefined && { sigmaSchedule }),
    ...(solverOrder !== undefined && { solverOrder }),
    ...(solverType !== undefined && { solverType }),
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
