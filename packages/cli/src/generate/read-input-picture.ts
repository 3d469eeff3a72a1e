import { readFile } from 'node:fs/promises';
import { type DecodedPicture, decodeImage, EngineError, limits, resizeLanczos, toMultipleOf8 } from '@easel/engine';
import type { PixelSize } from '../arguments/size-argument.ts';
import { CliError, systemCode } from '../cli-error.ts';

/**
 * The picture to start from; what is made from it has the same size. It is scaled to `size`, or without one to the nearest smaller size
 * whose sides are multiples of 8.
 *
 * @throws CliError `image_unreadable`; `usage` when it is too small or too large to be made
 */
export async function readInputPicture(path: string, size: PixelSize | undefined): Promise<DecodedPicture> {
  const picture = await decode(path);
  if (size !== undefined) return resizeLanczos(picture, size.width, size.height);
  const { width, height } = picture;
  const { min, max } = limits.side;
  if (Math.min(width, height) >= min && Math.max(width, height) < max + 8) return toMultipleOf8(picture);
  throw new CliError(
    'usage',
    `--image ${path} is ${width}×${height}, and pictures have sides of ${min} to ${max} pixels; add --size`,
  );
}

async function decode(path: string): Promise<DecodedPicture> {
  const file = await readFile(path).catch((error: unknown) => {
    const reason = systemCode(error) === 'ENOENT' ? 'it does not exist' : String(error);
    throw new CliError('image_unreadable', `--image ${path} cannot be read: ${reason}`, { cause: error });
  });
  try {
    return await decodeImage(file);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    throw new CliError('image_unreadable', `--image ${path}: ${error.message}`, { cause: error });
  }
}
