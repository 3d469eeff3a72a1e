import { type FilledRequest, parameterValues } from '@easel/contract';
import {
  type DecodedPicture,
  encodeImage,
  type GeneratedImage,
  type GenerateResult,
  type GenerationParameters,
  resizeLanczos,
} from '@easel/engine';
import { seedsOfPictures } from './engine-request.ts';
import type { PaintedImage, PaintedSample } from './painter.ts';

/** Good enough for a preview, and a few kilobytes. */
const PREVIEW_QUALITY = 80;

interface Signature {
  /** What the model really is. */
  readonly modelName: string;
  readonly easelVersion: string;
}

/** The pictures as files of the request's format. */
export async function encodePictures(
  { images, used }: GenerateResult,
  request: FilledRequest,
  signature: Signature,
): Promise<PaintedImage[]> {
  const { format, quality, embedParameters } = request;
  const encoded: PaintedImage[] = [];
  const seeds = seedsOfPictures(request);
  for (const [index, image] of images.entries()) {
    const parameters = parametersOf(image, used, request, signature);
    const bytes = await encodeImage(image, { format, quality, ...(embedParameters && { parameters }) });
    const { width, height } = image;
    encoded.push({ bytes, seed: seeds[index] ?? request.seed, width, height });
  }
  return encoded;
}

/**
 * The longest side of a finished picture that is shown while the others are not finished, or as a draft: enough to judge it, and no replacement for
 * it, since a job that is cancelled now, or a draft, costs nothing.
 */
function shownSide({ width, height }: Pick<DecodedPicture, 'width' | 'height'>): number {
  return Math.min(256, Math.ceil(Math.max(width, height) / 2));
}

/** What is shown of a finished picture while the others are not finished, or as a draft. */
export function smallSample(sample: number, picture: DecodedPicture): PaintedSample {
  return { sample, preview: () => encodePreview(shownPicture(picture)) };
}

function shownPicture(picture: DecodedPicture): DecodedPicture {
  const scale = shownSide(picture) / Math.max(picture.width, picture.height);
  if (scale >= 1) return picture;
  return resizeLanczos(picture, Math.round(picture.width * scale), Math.round(picture.height * scale));
}

/** A small copy of it. */
export function encodePreview(picture: DecodedPicture): Promise<Uint8Array> {
  return encodeImage(picture, { format: 'jpeg', quality: PREVIEW_QUALITY });
}

function parametersOf(
  { seed, variationSeed, ...image }: GeneratedImage,
  { steps, guidanceScale, scheduler, strength, device, arithmetic, loras: used = [] }: GenerateResult['used'],
  request: FilledRequest,
  { modelName, easelVersion }: Signature,
): GenerationParameters {
  const { prompt, negativePrompt } = request;
  // As other tools have it: the size before it was enlarged.
  const { width, height } = request.upscale ? request : image;
  const chosen = (request.loras ?? []).filter(({ weight }) => weight !== 0);
  // None where a network alone enlarges: nothing was painted with them.
  const loras = used.map(({ weight, hash }, index) => ({ name: chosen[index]?.name ?? '', weight, hash }));
  return {
    ...parameterValues({ ...request, strength, device, arithmetic }),
    prompt,
    negativePrompt,
    steps,
    scheduler,
    guidanceScale,
    seed,
    ...(variationSeed !== undefined && { variationSeed: Number(variationSeed) }),
    width,
    height,
    model: modelName,
    easelVersion,
    ...(loras.length > 0 && { loras }),
  };
}
