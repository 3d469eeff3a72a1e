import { applyStyle, type EngineFields, engineFields, type FilledRequest, seedsOfSamples } from '@easel/contract';
import { decodeImage, decodeMask, type GenerateRequest, type ImageToImage } from '@easel/engine';
import type { PaintedRequest, PaintStart } from './painter.ts';

/**
 * Converts a job's request for the engine.
 *
 * @param start from what; null: from noise alone
 * @throws EngineError `image_unreadable`
 */
export async function engineRequest(request: PaintedRequest, start: PaintStart | null): Promise<GenerateRequest> {
  const image = await startPicture(start, request);
  // Of the same names and types on both sides, or this does not compile.
  const texts = request.styleTexts && applyStyle(request.styleTexts, request);
  const same: Pick<GenerateRequest, keyof EngineFields> = engineFields({ ...request, ...texts });
  // A picture that is enlarged has its own size.
  const { width, height, ...unsized } = same;
  return {
    ...(image !== undefined && request.upscale ? unsized : same),
    // A list, because after the largest seed they continue at 0.
    seeds: seedsOfPictures(request),
    ...(image !== undefined && { image }),
  };
}

/** One for each picture. */
export function seedsOfPictures({ seed, samples, variationStrength }: FilledRequest): [number, ...number[]] {
  return seedsOfSamples(seed, samples, variationStrength);
}

async function startPicture(
  files: PaintStart | null,
  { strength, maskPadding, maskBlur }: FilledRequest,
): Promise<ImageToImage | undefined> {
  if (files === null) return undefined;
  const image = { picture: await decodeImage(files.image), ...(strength !== null && { strength }) };
  if (files.mask === null) return image;
  return {
    ...image,
    mask: await decodeMask(files.mask),
    ...(maskPadding !== null && { maskPadding }),
    ...(maskBlur !== null && { maskBlur }),
  };
}
