import { type EngineFields, engineFields, seedsOfSamples } from '@easel/contract';
import { cropToShape, decodeImage, type GenerateRequest, type ImageToImage } from '@easel/engine';
import type { JobRequest } from '../jobs/job-request.ts';

/**
 * A job's request as the engine takes it.
 *
 * @param file of the picture to start from; null: from noise alone
 * @throws EngineError `image_unreadable`
 */
export async function engineRequest(request: JobRequest, file: Uint8Array | null): Promise<GenerateRequest> {
  const image = await startPicture(file, request);
  // Of the same names and types on both sides, or this does not compile.
  const same: Pick<GenerateRequest, keyof EngineFields> = engineFields(request);
  return {
    ...same,
    // Told one by one, because past the largest seed they go on at 0.
    seeds: seedsOfSamples(request.seed, request.samples),
    ...(image !== undefined && { image }),
  };
}

async function startPicture(
  file: Uint8Array | null,
  { strength, width, height }: JobRequest,
): Promise<ImageToImage | undefined> {
  if (file === null) return undefined;
  const picture = cropToShape(await decodeImage(file), { width, height });
  return { picture, ...(strength !== null && { strength }) };
}
