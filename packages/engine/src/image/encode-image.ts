import { type GenerationParameters, writeParameters } from '@easel/parameters';
import sharp, { type Sharp } from 'sharp';
import { EngineError, toEngineError } from '../errors.ts';
import { type ImageFormat, imageFormats, isImageFormat } from './image-format.ts';
import type { DecodedPicture } from './picture.ts';

export interface EncodeOptions {
  readonly format: ImageFormat;
  /** 1…100, default 95. JPEG keeps full colour resolution (4:4:4) from 90. PNG is always lossless. */
  readonly quality?: number;
  /** Kept in the file for other tools and for `readParameters`; absent: the file contains no generation parameters. */
  readonly parameters?: GenerationParameters;
}

/**
 * A picture as the bytes of an image file.
 *
 * @throws EngineError `invalid_request` (param `format` or `quality`).
 * @example
 * await writeFile('apple.png', await encodeImage(picture, { format: 'png' }));
 */
export async function encodeImage(picture: DecodedPicture, options: EncodeOptions): Promise<Uint8Array> {
  const { format, quality = 95, parameters } = options;
  checkFormat(format);
  checkQuality(quality);
  const file = await compress(picture, format, quality);
  return parameters === undefined ? file : writeParameters(file, parameters);
}

function checkFormat(format: string): void {
  if (isImageFormat(format)) return;
  const message = `format must be one of ${imageFormats.join(', ')} (got ${JSON.stringify(format)})`;
  throw new EngineError('invalid_request', message, { details: { param: 'format' } });
}

function checkQuality(quality: number): void {
  if (Number.isInteger(quality) && quality >= 1 && quality <= 100) return;
  const message = `quality must be a whole number from 1 to 100 (got ${quality})`;
  throw new EngineError('invalid_request', message, { details: { param: 'quality' } });
}

async function compress(picture: DecodedPicture, format: ImageFormat, quality: number): Promise<Uint8Array> {
  const { width, height, data } = picture;
  try {
    return await encoder(sharp(data, { raw: { width, height, channels: 3 } }), format, quality).toBuffer();
  } catch (error) {
    throw toEngineError(error);
  }
}

function encoder(image: Sharp, format: ImageFormat, quality: number): Sharp {
  const fullColour = quality >= 90;
  switch (format) {
    case 'png':
      return image.png({ adaptiveFiltering: true });
    case 'jpeg':
      return image.jpeg({ quality, chromaSubsampling: fullColour ? '4:4:4' : '4:2:0' });
    case 'webp':
      return image.webp({ quality, smartSubsample: fullColour }); // lossy WebP is always 4:2:0; this minimises the loss
  }
}

/** Good enough to choose from, and a few kilobytes. */
const THUMBNAIL_QUALITY = 80;

/**
 * A WebP thumbnail of an image file, of that width but never larger than the picture itself. It contains no generation parameters.
 *
 * @throws EngineError for a file that cannot be read
 */
export async function encodeThumbnail(file: Uint8Array, width: number): Promise<Uint8Array> {
  try {
    return await sharp(file)
      .resize({ width, withoutEnlargement: true })
      .webp({ quality: THUMBNAIL_QUALITY })
      .toBuffer();
  } catch (error) {
    throw toEngineError(error);
  }
}
