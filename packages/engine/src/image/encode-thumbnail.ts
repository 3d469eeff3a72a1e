import sharp from 'sharp';
import { toEngineError } from '../errors.ts';

/** Good enough to choose from, and a few kilobytes. */
const QUALITY = 80;

/**
 * A WebP of an image file to show in a list: of that width, and never larger than the picture itself. Nothing of how it was made is in it.
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
