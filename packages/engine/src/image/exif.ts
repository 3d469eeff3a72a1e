/**
 * The two EXIF entries we need, by hand: sharp writes UserComment in ASCII and so loses every other character.
 * EXIF 2.32 (JEITA CP-3451E), TIFF 6.0.
 */
const SOFTWARE = 0x0131;
const EXIF_IFD = 0x8769;
const EXIF_VERSION = 0x9000;
const USER_COMMENT = 0x9286;

/** Field types and the bytes of one value. */
const ASCII = 2;
const LONG = 4;
const UNDEFINED = 7;

const HEADER_BYTES = 8;
const ENTRY_BYTES = 12;
/** A count of two, two entries, no next directory. */
const DIRECTORY_BYTES = 2 + 2 * ENTRY_BYTES + 4;
const UNICODE = 'UNICODE\0';

/**
 * A big-endian TIFF block with UserComment in UTF-16. The standard leaves the byte order of "UNICODE" open; readers take either
 * big-endian or the block's own, which is the same here.
 *
 * @param software ASCII.
 */
export function exifBlock(userComment: string, software: string): Uint8Array {
  const softwareText = Buffer.from(`${software}\0`, 'latin1');
  const comment = Buffer.concat([Buffer.from(UNICODE, 'latin1'), Buffer.from(userComment, 'utf16le').swap16()]);
  const softwareAt = HEADER_BYTES + DIRECTORY_BYTES;
  const exifAt = softwareAt + softwareText.length + (softwareText.length % 2); // directories begin at even offsets
  const commentAt = exifAt + DIRECTORY_BYTES;

  const block = Buffer.alloc(commentAt + comment.length);
  block.write('MM\0*', 0, 'latin1');
  block.writeUInt32BE(HEADER_BYTES, 4);
  block.writeUInt16BE(2, HEADER_BYTES);
  writeEntry(block, HEADER_BYTES + 2, [SOFTWARE, ASCII, softwareText.length, softwareAt]);
  writeEntry(block, HEADER_BYTES + 2 + ENTRY_BYTES, [EXIF_IFD, LONG, 1, exifAt]);
  block.set(softwareText, softwareAt);
  block.writeUInt16BE(2, exifAt);
  writeEntry(block, exifAt + 2, [EXIF_VERSION, UNDEFINED, 4, Buffer.from('0232', 'latin1').readUInt32BE()]);
  writeEntry(block, exifAt + 2 + ENTRY_BYTES, [USER_COMMENT, UNDEFINED, comment.length, commentAt]);
  block.set(comment, commentAt);
  return block;
}

type Entry = readonly [tag: number, type: number, count: number, valueOrOffset: number];

function writeEntry(block: Buffer, at: number, [tag, type, count, valueOrOffset]: Entry): void {
  block.writeUInt16BE(tag, at);
  block.writeUInt16BE(type, at + 2);
  block.writeUInt32BE(count, at + 4);
  block.writeUInt32BE(valueOrOffset, at + 8);
}

/** UserComment of an EXIF block, with or without its "Exif" prefix, in either byte order and any charset but JIS. Never throws. */
export function readUserComment(block: Uint8Array): string | undefined {
  const whole = Buffer.from(block.buffer, block.byteOffset, block.byteLength);
  const tiff = whole.toString('latin1', 0, 6) === 'Exif\0\0' ? whole.subarray(6) : whole;
  const order = tiff.toString('latin1', 0, 4);
  if (order !== 'MM\0*' && order !== 'II*\0') return undefined;
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength);
  try {
    const littleEndian = order === 'II*\0';
    const exif = findEntry(view, view.getUint32(4, littleEndian), EXIF_IFD, littleEndian);
    const comment = exif && findEntry(view, exif.value, USER_COMMENT, littleEndian);
    if (comment === undefined || comment.count <= UNICODE.length) return undefined;
    if (comment.value + comment.count > tiff.length) return undefined;
    return decodeComment(tiff.subarray(comment.value, comment.value + comment.count), littleEndian);
  } catch (error) {
    if (error instanceof RangeError) return undefined; // an offset beyond the block
    throw error;
  }
}

function findEntry(
  view: DataView,
  directory: number,
  tag: number,
  littleEndian: boolean,
): { readonly count: number; readonly value: number } | undefined {
  const entries = view.getUint16(directory, littleEndian);
  for (let entry = 0, at = directory + 2; entry < entries; entry++, at += ENTRY_BYTES) {
    if (view.getUint16(at, littleEndian) === tag) {
      return { count: view.getUint32(at + 4, littleEndian), value: view.getUint32(at + 8, littleEndian) };
    }
  }
  return undefined;
}

function decodeComment(comment: Buffer, littleEndian: boolean): string {
  const charset = comment.toString('latin1', 0, UNICODE.length);
  const text = comment.subarray(UNICODE.length);
  const decoded = charset === UNICODE ? decodeUtf16(text, littleEndian) : text.toString('utf8');
  return decoded.replace(/\0+$/, '');
}

/** The order that leaves fewer zero low bytes: every text of this kind is mostly ASCII. Undecided: the block's own. */
function decodeUtf16(text: Buffer, littleEndian: boolean): string {
  let highZerosIfBig = 0;
  let highZerosIfLittle = 0;
  for (let at = 0; at + 1 < text.length; at += 2) {
    if (text[at] === 0) highZerosIfBig++;
    if (text[at + 1] === 0) highZerosIfLittle++;
  }
  const little = highZerosIfBig === highZerosIfLittle ? littleEndian : highZerosIfLittle > highZerosIfBig;
  return new TextDecoder(little ? 'utf-16le' : 'utf-16be').decode(text);
}
