import { readFile } from 'node:fs/promises';
import { type DecodedPicture, decodeImage, EngineError } from '@easel/engine';
import { CodedError } from '@easel/errors';
import { unreadableFile } from '../unreadable-file.ts';

/**
 * The picture to start from, as it is: the engine brings it to the size that is drawn.
 *
 * @throws CodedError `image_unreadable`
 */
export async function readInputPicture(path: string): Promise<DecodedPicture> {
  const file = await readFile(path).catch((error: unknown) => {
    throw unreadableFile('image_unreadable', `--image ${path}`, error);
  });
  try {
    return await decodeImage(file);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    throw new CodedError('image_unreadable', `--image ${path}: ${error.message}`, { cause: error });
  }
}
