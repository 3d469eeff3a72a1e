import { EngineError } from '../errors.ts';
import type { DecodedPicture } from './picture.ts';

/** Adding and subtracting 1.5 · 2^52 leaves no fraction bits in a double, so the addition itself rounds half to even. */
const roundHalfToEven = (value: number): number => value + 6755399441055744 - 6755399441055744;

/**
 * The VAE's output as 8-bit pixels: round-half-to-even(255 · clamp(v/2 + 0.5, 0, 1)), each operation in float32,
 * as the reference's post-processing does it.
 *
 * @param chw [3, height, width], about −1 … 1.
 * @throws EngineError `picture_not_finite` when any value is NaN or infinite; `internal` when the length does not match.
 */
export function tensorToPicture(chw: Float32Array, width: number, height: number): DecodedPicture {
  const area = width * height;
  if (chw.length !== 3 * area) {
    throw new EngineError(
      'internal',
      `a ${width}×${height} picture needs ${3 * area} values, the tensor has ${chw.length}`,
    );
  }
  const data = new Uint8Array(3 * area); // [height, width, 3]
  let notFinite = 0;
  for (let channel = 0; channel < 3; channel++) {
    for (let pixel = 0; pixel < area; pixel++) {
      const value = chw[channel * area + pixel];
      if (!Number.isFinite(value)) notFinite++;
      const unit = Math.min(Math.max(Math.fround(value / 2 + 0.5), 0), 1);
      data[3 * pixel + channel] = roundHalfToEven(Math.fround(255 * unit));
    }
  }
  if (notFinite > 0) throw pictureNotFinite(notFinite, chw.length);
  return { width, height, data };
}

function pictureNotFinite(notFinite: number, total: number): EngineError {
  return new EngineError(
    'picture_not_finite',
    `the VAE gave ${notFinite} of ${total} values that are not finite (NaN or infinity), so there is no picture: the checkpoint's weights are damaged, or its VAE overflows`,
    {
      remedy:
        "verify the files' checksums or download them again, or use VAE weights stored in float32 (for SDXL-type half-precision VAEs " +
        'the "fp16-fix" ones)',
    },
  );
}

/**
 * A picture as the VAE encoder takes it: x/255 · 2 − 1 in float32.
 *
 * @returns [3, height, width], −1 … 1.
 */
export function pictureToTensor(picture: DecodedPicture): Float32Array {
  const area = picture.width * picture.height;
  const chw = new Float32Array(3 * area);
  for (let channel = 0; channel < 3; channel++) {
    for (let pixel = 0; pixel < area; pixel++) {
      chw[channel * area + pixel] = 2 * Math.fround(picture.data[3 * pixel + channel] / 255) - 1;
    }
  }
  return chw;
}
