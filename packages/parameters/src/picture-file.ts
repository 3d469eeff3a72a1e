import { latin1Text } from './bytes.ts';
import { PictureFormatError } from './errors.ts';
import { exifBlock, readExif } from './exif.ts';
import { formatParameters, formatToFit } from './format-parameters.ts';
import type { GenerationParameters } from './generation-parameters.ts';
import { type EmbeddedBlocks, insertJpegExif, MAX_JPEG_EXIF_BYTES, readJpeg } from './jpeg.ts';
import { isComplete, parseParameters } from './parse-parameters.ts';
import { insertPngText, readPng } from './png.ts';
import { insertWebpExif, readWebp } from './webp.ts';
import { readXmp } from './xmp.ts';

/** The keyword of the PNG text chunk in which web UIs store a picture's parameters. */
const PARAMETERS_KEYWORD = 'parameters';
const XMP_KEYWORD = 'XML:com.adobe.xmp';

/** Detects the format from the first bytes, never from a name. */
function formatOf(file: Uint8Array): 'png' | 'jpeg' | 'webp' | undefined {
  const start = latin1Text(file.subarray(0, 12));
  if (start.startsWith('\x89PNG\r\n\x1a\n')) return 'png';
  if (start.startsWith('\xff\xd8\xff')) return 'jpeg';
  return start.startsWith('RIFF') && start.endsWith('WEBP') ? 'webp' : undefined;
}

/**
 * Every text in a PNG, JPEG or WebP file, by its PNG keyword, its EXIF tag (`UserComment`, …), `xmp …` and the XMP
 * property, or `comment` (JPEG). Empty for other files; what is damaged is left out. Never throws.
 */
export function readTexts(file: Uint8Array): ReadonlyMap<string, string> {
  switch (formatOf(file)) {
    case 'png': {
      const { texts, exif } = readPng(file);
      const xmp = texts.get(XMP_KEYWORD);
      return new Map([
        ...textsOfBlocks({ exif, xmp: xmp === undefined ? undefined : new TextEncoder().encode(xmp) }),
        ...texts,
      ]);
    }
    case 'jpeg':
      return textsOfBlocks(readJpeg(file));
    case 'webp':
      return textsOfBlocks(readWebp(file));
    case undefined:
      return new Map();
  }
}

function textsOfBlocks({ exif, xmp, comment }: EmbeddedBlocks): Map<string, string> {
  return new Map([
    ...(exif === undefined ? [] : readExif(exif)),
    ...(xmp === undefined ? [] : readXmp(xmp)),
    ...(comment === undefined ? [] : [['comment', new TextDecoder().decode(comment)] as const]),
  ]);
}

/**
 * The text of the generation parameters in a PNG, JPEG or WebP file, ours or another tool's; `parseParameters` reads the text.
 * Never throws: undefined when the file has none, is damaged before them, or has another format.
 *
 * @example
 * const text = readParameters(await readFile('apple.png'));
 * const seed = text === undefined ? null : parseParameters(text).seed;
 */
export function readParameters(file: Uint8Array): string | undefined {
  const texts = readTexts(file);
  return [texts.get(PARAMETERS_KEYWORD), texts.get('UserComment'), texts.get('xmp exif:UserComment')].find(
    (text) => text !== undefined && text.trim() !== '',
  );
}

/**
 * A copy of a PNG, JPEG or WebP file with generation parameters. In JPEG, which has 64 KiB for them, the longest texts are truncated
 * if they do not fit.
 *
 * @throws PictureFormatError when the file is none of these.
 */
export function writeParameters(file: Uint8Array, parameters: GenerationParameters): Uint8Array<ArrayBuffer> {
  const exif = (text: string) => exifBlock(text, `Easel ${parameters.easelVersion}`);
  switch (formatOf(file)) {
    case 'png':
      return insertPngText(file, PARAMETERS_KEYWORD, formatParameters(parameters));
    case 'jpeg':
      return insertJpegExif(file, exif(formatToFit(parameters, (text) => exif(text).length <= MAX_JPEG_EXIF_BYTES)));
    case 'webp':
      return insertWebpExif(file, exif(formatParameters(parameters)));
    case undefined:
      throw new PictureFormatError('parameters can be kept in PNG, JPEG and WebP files');
  }
}

/**
 * A copy of `to` with the generation parameters of `from`, a picture of ours: for a picture that was converted to another format.
 * Unchanged when `from` has none.
 *
 * @throws PictureFormatError when `to` is none of PNG, JPEG and WebP.
 */
export function copyParameters(from: Uint8Array, to: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const text = readParameters(from);
  const parameters = text === undefined ? undefined : parseParameters(text);
  return parameters !== undefined && isComplete(parameters) ? writeParameters(to, parameters) : to;
}
