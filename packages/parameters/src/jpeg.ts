import { joinBytes, latin1Bytes, latin1Text, uint16, viewOf } from './bytes.ts';

/** JPEG: a start marker, then segments of 0xFF, marker, length (2 bytes, itself included), data. ITU-T T.81, annex B. */
const APP1 = 0xe1;
const COMMENT = 0xfe;
const START_OF_SCAN = 0xda;
const END_OF_IMAGE = 0xd9;
const EXIF_PREFIX = 'Exif\0\0';
/** XMP specification, part 3, 1.1.3. */
const XMP_PREFIX = 'http://ns.adobe.com/xap/1.0/\0';

/** The maximum size of an EXIF block: a segment's length is 16 bits. */
export const MAX_JPEG_EXIF_BYTES = 0xffff - 2 - EXIF_PREFIX.length;

/** A copy of the file with an EXIF block of at most `MAX_JPEG_EXIF_BYTES` right after the start marker, where EXIF has to be. */
export function insertJpegExif(file: Uint8Array, exif: Uint8Array): Uint8Array<ArrayBuffer> {
  const length = uint16(2 + EXIF_PREFIX.length + exif.length);
  const head = joinBytes(Uint8Array.of(0xff, APP1), length, latin1Bytes(EXIF_PREFIX));
  return joinBytes(file.subarray(0, 2), head, exif, file.subarray(2));
}

export interface EmbeddedBlocks {
  readonly exif: Uint8Array | undefined;
  readonly xmp: Uint8Array | undefined;
  readonly comment?: Uint8Array | undefined;
}

/** The first EXIF and XMP block and comment of a JPEG file before the picture's data. Never throws. */
export function readJpeg(file: Uint8Array): EmbeddedBlocks {
  const view = viewOf(file);
  let exif: Uint8Array | undefined;
  let xmp: Uint8Array | undefined;
  let comment: Uint8Array | undefined;
  for (let at = 2; at + 4 <= file.length && file[at] === 0xff; ) {
    const marker = file[at + 1];
    if (marker === 0xff) {
      at++; // a fill byte
      continue;
    }
    const end = at + 2 + view.getUint16(at + 2);
    if (marker === START_OF_SCAN || marker === END_OF_IMAGE || end > file.length || end < at + 4) break;
    const data = file.subarray(at + 4, end);
    if (marker === COMMENT) comment ??= data;
    if (marker === APP1) {
      exif ??= after(EXIF_PREFIX, data);
      xmp ??= after(XMP_PREFIX, data);
    }
    at = end;
  }
  return { exif, xmp, comment };
}

function after(prefix: string, data: Uint8Array): Uint8Array | undefined {
  return latin1Text(data.subarray(0, prefix.length)) === prefix ? data.subarray(prefix.length) : undefined;
}
