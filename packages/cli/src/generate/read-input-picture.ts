import { readFile } from 'node:fs/promises';
import { type DecodedPicture, decodeImage, EngineError } from '@easel/engine';
import { CliError, unreadableFile } from '../cli-error.ts';

/**
 * The picture to start from, as it is: the engine brings it to the size that is drawn.
 *
 * @throws CliError `image_unreadable`
 */
export async function readInputPicture(path: string): Promise<DecodedPicture> {
  const file = await readFile(path).catch((error: unknown) => {
    throw unreadableFile('image_unreadable', `--image ${path}`, error);
  });
  try {
    return await decodeImage(file);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    throw new CliError('image_unreadable', `--image ${path}: ${error.message}`, { cause: error });
  }
}
