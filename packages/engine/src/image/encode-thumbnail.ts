import sharp from 'sharp';
import { toEngineError } from '../errors.ts';

/** Good enough to choose from, and a few kilobytes. */
const QUALITY = 80;

/**
 * A WebP thumbnail of an image file, of that width but never larger than the picture itself. It contains no generation parameters.
 *
 * @throws EngineError for a file that cannot be read
 */
export async function encodeThumbnail(file: Uint8Array, width: number): Promise<Uint8Array> {
  try {
    return await sharp(file).resize({ width, withoutEnlargement: true }).webp({ quality: QUALITY }).toBuffer();
  } catch (error) {
    throw toEngineError(error);
  }
}
