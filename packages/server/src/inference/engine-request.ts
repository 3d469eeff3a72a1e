import { seedOfSample } from '@easel/contract';
import { decodeImage, type GenerateRequest, type ImageToImage } from '@easel/engine';
import type { JobRequest } from '../domain/job-request.ts';

/**
 * A job's request as the engine takes it.
 *
 * @throws EngineError `image_unreadable`
 */
export async function engineRequest(request: JobRequest): Promise<GenerateRequest> {
  const { prompt, prompt2, negativePrompt, width, height, samples, steps, scheduler } = request;
  const { guidanceScale, guidanceRescale } = request;
  const image = await startPicture(request);
  return {
    prompt,
    ...(prompt2 !== null && { prompt2 }),
    negativePrompt,
    width,
    height,
    samples,
    steps,
    guidanceScale,
    guidanceRescale,
    scheduler,
    // Told one by one, because past the largest seed they go on at 0.
    seeds: Array.from({ length: samples }, (_, index) => seedOfSample(request.seed, index)),
    ...(image !== undefined && { image }),
  };
}

async function startPicture({ image, strength }: JobRequest): Promise<ImageToImage | undefined> {
  if (image === null) return undefined;
  const picture = await decodeImage(Buffer.from(image, 'base64'));
  return { picture, ...(strength !== null && { strength }) };
}
