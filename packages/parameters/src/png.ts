import { crc32, joinBytes, latin1Bytes, latin1Text, uint32, utf8Text, viewOf } from './bytes.ts';
import { PictureFormatError } from './errors.ts';
import { inflate } from './inflate.ts';

/** PNG: signature, then chunks of length (4 bytes), type (4), data, CRC of type and data (4). W3C PNG, third edition, 5. */
const SIGNATURE_BYTES = 8;
const CHUNK_FRAME = 12;
/** A header chunk has 13 bytes and comes first, so texts are inserted here. */
const AFTER_HEADER = SIGNATURE_BYTES + CHUNK_FRAME + 13;
/** More than any prompt or graph; prevents a small chunk from unpacking to gigabytes. */
const MAX_TEXT_BYTES = 4 * 2 ** 20;
/** For all texts of a file together, unpacked. */
const MAX_ALL_TEXT_BYTES = 4 * MAX_TEXT_BYTES;

/** The characters allowed in a tEXt chunk: Latin-1 without control characters but the line feed (11.3.3.2). */
const plainLatin1 = /^[\n\u0020-\u007e\u00a0-\u00ff]*$/;

/**
 * A copy of the file with a text chunk right after the header: tEXt when Latin-1 can represent the text, else iTXt.
 *
 * @param keyword 1 to 79 printable Latin-1 characters.
 * @throws PictureFormatError when the file has no complete header.
 */
export function insertPngText(file: Uint8Array, keyword: string, text: string): Uint8Array<ArrayBuffer> {
  if (file.length < AFTER_HEADER || latin1Text(file.subarray(12, 16)) !== 'IHDR') {
    throw new PictureFormatError('the PNG file is damaged: it has no header chunk');
  }
  const chunk = plainLatin1.test(text)
    ? pngChunk('tEXt', latin1Bytes(`${keyword}\0${text}`))
    : // After the keyword: not compressed, method 0, no language, no translated keyword.
      pngChunk('iTXt', joinBytes(latin1Bytes(`${keyword}\0\0\0\0\0`), new TextEncoder().encode(text)));
  return joinBytes(file.subarray(0, AFTER_HEADER), chunk, file.subarray(AFTER_HEADER));
}

function pngChunk(type: string, data: Uint8Array): Uint8Array {
  const typeAndData = joinBytes(latin1Bytes(type), data);
  return joinBytes(uint32(data.length), typeAndData, uint32(crc32(typeAndData)));
}

export interface PngTexts {
  /** By keyword; the first of a repeated keyword counts. */
  readonly texts: ReadonlyMap<string, string>;
  readonly exif: Uint8Array | undefined;
}

/**
 * The texts (tEXt, zTXt, iTXt) and the EXIF block (eXIf) of a PNG file, from chunks that are complete and have correct checksums.
 * Never throws.
 */
export function readPng(file: Uint8Array): PngTexts {
  const view = viewOf(file);
  const texts = new Map<string, string>();
  let exif: Uint8Array | undefined;
  let budget = MAX_ALL_TEXT_BYTES;
  for (let at = SIGNATURE_BYTES; at + CHUNK_FRAME <= file.length; ) {
    const dataEnd = at + 8 + view.getUint32(at);
    const type = latin1Text(file.subarray(at + 4, at + 8));
    if (dataEnd + 4 > file.length || type === 'IEND') break;
    if (/^(tEXt|zTXt|iTXt|eXIf)$/.test(type) && dataEnd - at - 8 <= MAX_TEXT_BYTES && budget > 0) {
      const data = file.subarray(at + 8, dataEnd);
      if (crc32(file.subarray(at + 4, dataEnd)) === view.getUint32(dataEnd)) {
        if (type === 'eXIf') exif ??= data;
        else budget -= addText(texts, type, data, Math.min(MAX_TEXT_BYTES, budget));
      }
    }
    at = dataEnd + 4;
  }
  return { texts, exif };
}

/** @returns the size of the text, or, when it is damaged, the most it could have been: deflate compresses 1032 to one at most. */
function addText(texts: Map<string, string>, type: string, data: Uint8Array, maxBytes: number): number {
  const keywordEnd = data.indexOf(0);
  if (keywordEnd < 1 || keywordEnd > 79) return 0;
  const keyword = latin1Text(data.subarray(0, keywordEnd));
  if (texts.has(keyword)) return 0;
  const rest = data.subarray(keywordEnd + 1);
  if (type === 'tEXt') {
    texts.set(keyword, latin1Text(rest));
    return rest.length;
  }
  const isInternational = type === 'iTXt';
  const languageEnd = isInternational ? rest.indexOf(0, 2) : -1; // flag, method, language, NUL, translated keyword, NUL, text
  const translatedEnd = languageEnd < 0 ? -1 : rest.indexOf(0, languageEnd + 1);
  if (isInternational && translatedEnd < 0) return 0;
  const stored = rest.subarray(isInternational ? translatedEnd + 1 : 1); // zTXt: method, text
  const isCompressed = !isInternational || rest[0] === 1;
  const bytes = isCompressed ? inflate(stored, maxBytes) : stored;
  if (bytes === undefined) return Math.min(maxBytes, 1032 * stored.length);
  texts.set(keyword, isInternational ? new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes) : latin1Text(bytes));
  return bytes.length;
}

/** Many tools write UTF-8 into tEXt, which is Latin-1: what is valid UTF-8 is read as such. Never the case for what we write. */
export function mendedLatin1(text: string): string {
  if (!/[\u0080-\u00ff]/.test(text) || /[\u0100-\uffff]/.test(text)) return text;
  return utf8Text(latin1Bytes(text)) ?? text;
}
