import type { Mask } from '../image/mask.ts';
import type { DecodedPicture } from '../image/picture.ts';
import { pictureToTensor } from '../image/pixels.ts';
import { noisedTo, type Schedule, stateScale } from '../sampling/sampling.ts';
import { REPAINTED } from './start-picture.ts';

/** The mask in latent pixels: 1 where they are repainted, 0 where not. The reference takes the first pixel of each block, and so does this. */
export function latentMask({ width, height, data }: Mask, scale: number): Float32Array {
  const [columns, rows] = [width / scale, height / scale];
  return Float32Array.from({ length: columns * rows }, (_, i) => {
    const [x, y] = [(i % columns) * scale, Math.floor(i / columns) * scale];
    return data[y * width + x] >= REPAINTED ? 1 : 0;
  });
}

/**
 * The picture as networks for inpainting see it: grey where it is repainted.
 *
 * @returns [3, height, width], −1 … 1
 */
export function maskedTensor(picture: DecodedPicture, { data: mask }: Mask): Float32Array {
  return pictureToTensor(picture).map((value, i) => (mask[i % mask.length] < REPAINTED ? value : 0));
}

/**
 * For networks that know nothing of masks: after each step the latents that are kept are replaced with those of the picture, with the noise
 * that belongs to the level the step ended at; after the last, without noise (Lugmayr et al. 2022, "RePaint", eq. 8, without its resampling).
 *
 * @param clean latents of the picture [4·h·w]
 * @param noise that the run started with
 * @param mask [h·w], 1 where they are repainted
 */
export function keepUnmasked(
  { clean, noise, mask }: { readonly clean: Float32Array; readonly noise: Float32Array; readonly mask: Float32Array },
  schedule: Schedule,
): (latents: Float32Array, level: number) => Float32Array {
  const last = schedule.sigmas.length - 1;
  return (latents, level) => {
    const kept =
      level === last ? clean.map((value) => value / stateScale(schedule)) : noisedTo(clean, noise, schedule, level);
    return latents.map((value, i) => (mask[i % mask.length] === 1 ? value : kept[i]));
  };
}
