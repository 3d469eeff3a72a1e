import { parameterValues, seedOfSample } from '@easel/contract';
import {
  type DecodedPicture,
  encodeImage,
  type GeneratedImage,
  type GenerateResult,
  type GenerationParameters,
} from '@easel/engine';
import type { JobRequest } from '../jobs/job-request.ts';
import type { PaintedImage } from './painter.ts';

/** Good enough for a preview, and a few kilobytes. */
const PREVIEW_QUALITY = 80;

export interface Signature {
  /** What the model really is. */
  readonly modelName: string;
  readonly easelVersion: string;
}

/** The pictures as files of the request's format. */
export async function encodePictures(
  { images, used }: GenerateResult,
  request: JobRequest,
  signature: Signature,
): Promise<PaintedImage[]> {
  const { format, quality, embedParameters } = request;
  const encoded: PaintedImage[] = [];
  for (const [index, image] of images.entries()) {
    const parameters = parametersOf(image, used, request, signature);
    const bytes = await encodeImage(image, { format, quality, ...(embedParameters && { parameters }) });
    const { width, height } = image;
    encoded.push({ bytes, seed: seedOfSample(request.seed, index), width, height });
  }
  return encoded;
}

export function encodePreview(picture: DecodedPicture): Promise<Uint8Array> {
  return encodeImage(picture, { format: 'jpeg', quality: PREVIEW_QUALITY });
}

function parametersOf(
  { seed, width, height }: GeneratedImage,
  { steps, guidanceScale, scheduler, strength }: GenerateResult['used'],
  request: JobRequest,
  { modelName, easelVersion }: Signature,
): GenerationParameters {
  const { prompt, negativePrompt } = request;
  return {
    ...parameterValues({ ...request, strength }),
    prompt,
    negativePrompt,
    steps,
    scheduler,
    guidanceScale,
    seed,
    width,
    height,
    model: modelName,
    easelVersion,
  };
}
