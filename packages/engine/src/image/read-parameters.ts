import { readUserComment } from './exif.ts';
import { sniffImageFormat } from './image-format.ts';
import { readJpegExif } from './jpeg-exif.ts';
import { readPngText } from './png-text.ts';
import { readWebpExif } from './webp-exif.ts';

/** The keyword of the text chunk in which web UIs keep a picture's parameters. */
export const PARAMETERS_KEYWORD = 'parameters';

/**
 * The text of the generation parameters in a PNG, JPEG or WebP file, ours or another tool's; `parseParameters` reads the text.
 * Never throws: undefined when the file has none, is damaged before them, or is no such picture.
 *
 * @example
 * const text = readParameters(await readFile('apple.png'));
 * const seed = text === undefined ? null : parseParameters(text).seed;
 */
export function readParameters(file: Uint8Array): string | undefined {
  const text = storedText(file);
  return text === undefined || text.trim() === '' ? undefined : text;
}

function storedText(file: Uint8Array): string | undefined {
  const format = sniffImageFormat(file);
  if (format === 'png') return readPngText(file, PARAMETERS_KEYWORD);
  const exif = format === 'jpeg' ? readJpegExif(file) : format === 'webp' ? readWebpExif(file) : undefined;
  return exif && readUserComment(exif);
}
