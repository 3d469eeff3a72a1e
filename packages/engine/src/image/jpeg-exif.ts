/** JPEG: a start marker, then segments of 0xFF, marker, length (2 bytes, itself included), data. ITU-T T.81, annex B. */
const APP1 = 0xe1;
const START_OF_SCAN = 0xda;
const END_OF_IMAGE = 0xd9;
const EXIF_PREFIX = Buffer.from('Exif\0\0', 'latin1');

/** The most an EXIF block may have: a segment's length is 16 bits. */
export const MAX_JPEG_EXIF_BYTES = 0xffff - 2 - EXIF_PREFIX.length;

/** A copy of the file with an EXIF block of at most `MAX_JPEG_EXIF_BYTES` right after the start marker, where EXIF has to be. */
export function insertJpegExif(file: Uint8Array, exif: Uint8Array): Uint8Array {
  const head = Buffer.from([0xff, APP1, 0, 0]);
  head.writeUInt16BE(2 + EXIF_PREFIX.length + exif.length, 2);
  return Buffer.concat([file.subarray(0, 2), head, EXIF_PREFIX, exif, file.subarray(2)]);
}

/** The EXIF block of a JPEG file; undefined when there is none before the picture's data. Never throws. */
export function readJpegExif(file: Uint8Array): Uint8Array | undefined {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  for (let at = 2; at + 4 <= bytes.length; ) {
    if (bytes[at] !== 0xff) return undefined;
    const marker = bytes[at + 1];
    if (marker === 0xff) {
      at++; // a fill byte
      continue;
    }
    if (marker === START_OF_SCAN || marker === END_OF_IMAGE) return undefined;
    const end = at + 2 + bytes.readUInt16BE(at + 2);
    if (end > bytes.length) return undefined;
    const data = bytes.subarray(at + 4, end);
    if (marker === APP1 && data.subarray(0, EXIF_PREFIX.length).equals(EXIF_PREFIX))
      return data.subarray(EXIF_PREFIX.length);
    at = end;
  }
  return undefined;
}
