import { crc32, inflateSync } from 'node:zlib';

/** PNG: signature, then chunks of length (4 bytes), type (4), data, CRC of type and data (4). W3C PNG, third edition, 5. */
const SIGNATURE_BYTES = 8;
const CHUNK_FRAME = 12;
/** A header chunk has 13 bytes and comes first, so texts go here. */
const AFTER_HEADER = SIGNATURE_BYTES + CHUNK_FRAME + 13;
/** More than any prompt; stops a small chunk from unpacking to gigabytes. */
const MAX_INFLATED = 4 * 2 ** 20;

/** What a tEXt chunk may hold: Latin-1 without control characters but the line feed (11.3.3.2). */
const latin1Text = /^[\n\u0020-\u007e\u00a0-\u00ff]*$/;

/**
 * A copy of the file with a text chunk right after the header: tEXt when Latin-1 holds the text, else iTXt.
 *
 * @param keyword 1 to 79 printable Latin-1 characters.
 */
export function insertPngText(file: Uint8Array, keyword: string, text: string): Uint8Array {
  const chunk = latin1Text.test(text)
    ? pngChunk('tEXt', Buffer.from(`${keyword}\0${text}`, 'latin1'))
    : // After the keyword: not compressed, method 0, no language, no translated keyword.
      pngChunk('iTXt', Buffer.concat([Buffer.from(`${keyword}\0\0\0\0\0`, 'latin1'), Buffer.from(text, 'utf8')]));
  return Buffer.concat([file.subarray(0, AFTER_HEADER), chunk, file.subarray(AFTER_HEADER)]);
}

function pngChunk(type: string, data: Uint8Array): Buffer {
  const typeAndData = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(typeAndData), 4);
  return Buffer.concat([frame.subarray(0, 4), typeAndData, frame.subarray(4)]);
}

/** The first sound text chunk of that keyword: tEXt, zTXt or iTXt, compressed or not. Never throws. */
export function readPngText(file: Uint8Array, keyword: string): string | undefined {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  for (let at = SIGNATURE_BYTES; at + CHUNK_FRAME <= bytes.length; ) {
    const dataEnd = at + 8 + bytes.readUInt32BE(at);
    if (dataEnd + 4 > bytes.length) return undefined;
    const type = bytes.toString('latin1', at + 4, at + 8);
    if (type === 'IEND') return undefined;
    if (type === 'tEXt' || type === 'zTXt' || type === 'iTXt') {
      const sound = crc32(bytes.subarray(at + 4, dataEnd)) === bytes.readUInt32BE(dataEnd);
      const text = sound ? textOf(type, bytes.subarray(at + 8, dataEnd), keyword) : undefined;
      if (text !== undefined) return text;
    }
    at = dataEnd + 4;
  }
  return undefined;
}

function textOf(type: 'tEXt' | 'zTXt' | 'iTXt', data: Buffer, keyword: string): string | undefined {
  const keywordEnd = data.indexOf(0);
  if (keywordEnd < 0 || data.toString('latin1', 0, keywordEnd) !== keyword) return undefined;
  const rest = data.subarray(keywordEnd + 1);
  if (type === 'tEXt') return rest.toString('latin1');
  if (type === 'zTXt') return inflated(rest.subarray(1))?.toString('latin1'); // method, text
  const languageEnd = rest.indexOf(0, 2); // flag, method, language, NUL, translated keyword, NUL, text
  const translatedEnd = languageEnd < 0 ? -1 : rest.indexOf(0, languageEnd + 1);
  if (translatedEnd < 0) return undefined;
  const text = rest.subarray(translatedEnd + 1);
  return (rest[0] === 1 ? inflated(text) : text)?.toString('utf8');
}

function inflated(data: Buffer): Buffer | undefined {
  try {
    return inflateSync(data, { maxOutputLength: MAX_INFLATED });
  } catch {
    return undefined;
  }
}
