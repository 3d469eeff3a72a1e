import { messageOf } from '@easel/errors';
import sharp from 'sharp';
import { EngineError } from '../errors.ts';
import type { PictureSize } from '../model.ts';
import { firstFrame } from './first-frame.ts';
import { sniffImageFormat } from './image-format.ts';
import { brightnessMask, type Mask } from './mask.ts';
import type { DecodedPicture } from './picture.ts';

/** A file of a few kilobytes can claim billions of pixels. */
const MAX_PIXELS = 64 * 2 ** 20;
/** Decoders hold several whole rows, however long these are. */
const MAX_SIDE = 16_384;
/** High bit depth and interlacing multiply the cost of decoding. */
const MAX_DECODED_BYTES = 4 * MAX_PIXELS;
/** A picture stored in several passes is held as a whole, at two bytes per value. */
const PASSES_FACTOR = 2;
const bytesOfDepth: ReadonlyMap<string, number> = new Map([
  ['uchar', 1],
  ['char', 1],
  ['ushort', 2],
  ['short', 2],
  ['double', 8],
]);

/**
 * An image file as 8-bit sRGB pixels: rotated by its EXIF orientation, colour profile applied, greyscale, CMYK and 16 bits
 * converted, the first frame of an animation. Transparency is dropped and the colours below it kept, as the reference's
 * `convert('RGB')` does.
 *
 * @param file PNG, JPEG, WebP, GIF, TIFF or AVIF, at most 64 megapixels (of 2^20).
 * @throws EngineError `image_unreadable` when it is something else, damaged or too large.
 */
export async function decodeImage(file: Uint8Array): Promise<DecodedPicture> {
  const first = firstOf(file);
  await measureFrame(first);
  const image = sharp(first, { failOn: 'error', limitInputPixels: MAX_PIXELS });
  try {
    const decoded = image.autoOrient().removeAlpha().toColourspace('srgb').raw({ depth: 'uchar' });
    const { data, info } = await decoded.toBuffer({ resolveWithObject: true });
    return {
      width: info.width,
      height: info.height,
      data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    };
  } catch (error) {
    throw undecodable(error);
  }
}

/**
 * An image file as a mask: transparent where it is repainted, as OpenAI's clients send it, if anything in it is transparent at all; else by
 * its brightness, white where it is repainted.
 *
 * @param file as for `decodeImage`
 * @throws EngineError `image_unreadable`, of the field `mask`
 */
export async function decodeMask(file: Uint8Array): Promise<Mask> {
  try {
    const first = firstOf(file);
    await measureFrame(first);
    return (await transparencyOf(first)) ?? brightnessMask(await decodeImage(first));
  } catch (error) {
    throw error instanceof EngineError && error.details.param === 'image' ? ofMask(error) : error;
  }
}

function ofMask({ code, message, remedy, cause, details }: EngineError): EngineError {
  const told = message.replace('the image', 'the mask');
  return new EngineError(code, told, { remedy, cause, details: { ...details, param: 'mask' } });
}

/** Undefined: nothing in it is transparent. */
async function transparencyOf(file: Uint8Array): Promise<Mask | undefined> {
  const image = sharp(file, { failOn: 'error', limitInputPixels: MAX_PIXELS });
  try {
    if (!(await image.metadata()).hasAlpha) return undefined;
    const alpha = image.autoOrient().toColourspace('srgb').extractChannel('alpha').raw({ depth: 'uchar' });
    const { data, info } = await alpha.toBuffer({ resolveWithObject: true });
    if (data.every((value) => value === 255)) return undefined;
    return { width: info.width, height: info.height, data: Uint8Array.from(data, (value) => 255 - value) };
  } catch (error) {
    throw undecodable(error);
  }
}

/**
 * The displayed size of a picture, from the header of its file: what `decodeImage` would reject for its size or format is rejected
 * here, before any pixel is decoded.
 *
 * @throws EngineError `image_unreadable` when it is of another format, damaged or too large.
 */
export function measureImage(file: Uint8Array): Promise<PictureSize> {
  return measureFrame(firstOf(file));
}

/** @throws EngineError `image_unreadable` for what is not a file's bytes, such as its name */
function firstOf(file: Uint8Array): Uint8Array {
  if (ArrayBuffer.isView(file)) return firstFrame(file);
  throw unreadable(`it must be the bytes of a file (got ${typeof file})`, 'read the file first');
}

async function measureFrame(file: Uint8Array): Promise<PictureSize> {
  requireImageFormat(file);
  const { autoOrient, channels, depth, isProgressive } = await sharp(file, { limitInputPixels: false })
    .metadata()
    .catch((error: unknown) => {
      throw undecodable(error);
    });
  const { width, height } = autoOrient;
  const sides = `(got ${width}×${height})`;
  if (Math.max(width, height) > MAX_SIDE)
    throw unreadable(`each side must be at most ${MAX_SIDE} pixels ${sides}`, SMALLER);
  if (width * height > MAX_PIXELS) throw unreadable(`it has more than 64 megapixels ${sides}`, SMALLER);
  const bytes = width * height * channels * (bytesOfDepth.get(depth) ?? 4) * (isProgressive ? PASSES_FACTOR : 1);
  if (bytes > MAX_DECODED_BYTES) {
    throw unreadable(
      `decoding it takes ${Math.ceil(bytes / 2 ** 20)} MB, and ${MAX_DECODED_BYTES / 2 ** 20} are allowed ${sides}`,
      `${SMALLER}, 8 bits per colour, and neither interlaced nor progressive`,
    );
  }
  return { width, height };
}

/** @param param what the file is @throws EngineError `image_unreadable` for a file that does not begin as a picture does */
export function requireImageFormat(file: Uint8Array, param: 'image' | 'mask' = 'image'): void {
  if (sniffImageFormat(file) !== undefined) return;
  const error = unreadable('it is not a PNG, JPEG, WebP, GIF, TIFF or AVIF file', 'convert it to one of these');
  throw param === 'mask' ? ofMask(error) : error;
}

const SMALLER = 'use a smaller one';

function undecodable(error: unknown): EngineError {
  const message = messageOf(error);
  return /pixel limit/i.test(message)
    ? unreadable(`it has more than ${MAX_PIXELS / 2 ** 20} megapixels`, SMALLER, error)
    : unreadable(`its data are damaged or incomplete (${message})`, 'save it again from its source', error);
}

function unreadable(why: string, remedy: string, cause?: unknown): EngineError {
  return new EngineError('image_unreadable', `the image cannot be read: ${why}`, {
    remedy,
    details: { param: 'image' },
    cause,
  });
}
