import sharp from 'sharp';
import { EngineError } from '../errors.ts';
import { sniffImageFormat } from './image-format.ts';
import type { DecodedPicture } from './picture.ts';

/** A file of a few kilobytes can claim billions of pixels. */
const MAX_PIXELS = 64 * 2 ** 20;

/**
 * An image file as 8-bit sRGB pixels: turned as its EXIF orientation says, colour profile applied, greyscale, CMYK and 16 bits
 * converted, the first frame of an animation. Transparency is dropped and the colours below it kept, as the reference's
 * `convert('RGB')` does.
 *
 * @param file PNG, JPEG, WebP, GIF, TIFF or AVIF, at most 64 megapixels (of 2^20).
 * @throws EngineError `image_unreadable` when it is something else, damaged or too large.
 */
export async function decodeImage(file: Uint8Array): Promise<DecodedPicture> {
  if (sniffImageFormat(file) === undefined) {
    throw unreadable('it is none of PNG, JPEG, WebP, GIF, TIFF and AVIF: convert it to one of these');
  }
  const image = sharp(file, { failOn: 'error', limitInputPixels: MAX_PIXELS });
  try {
    const decoded = image.autoOrient().removeAlpha().toColourspace('srgb').raw({ depth: 'uchar' });
    const { data, info } = await decoded.toBuffer({ resolveWithObject: true });
    return {
      width: info.width,
      height: info.height,
      data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    };
  } catch (error) {
    throw unreadable(reason(error), error);
  }
}

function reason(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return /pixel limit/i.test(message)
    ? `it has more than ${MAX_PIXELS / 2 ** 20} megapixels: use a smaller one`
    : `its data are damaged or incomplete (${message}): save it again from its source`;
}

function unreadable(why: string, cause?: unknown): EngineError {
  return new EngineError('image_unreadable', `the image cannot be read: ${why}`, {
    details: { param: 'image' },
    cause,
  });
}
