import { joinBytes, latin1Bytes, latin1Text, uint16, uint32, utf8Text, viewOf } from './bytes.ts';

/**
 * The few EXIF entries in which tools store texts. EXIF 2.32 and 3.0 (JEITA CP-3451E, F), TIFF 6.0, and the Windows `XPComment`.
 */
const SOFTWARE = 0x0131;
const EXIF_IFD = 0x8769;
const EXIF_VERSION = 0x9000;
const USER_COMMENT = 0x9286;
const XP_COMMENT = 0x9c9c;
/** In the first directory, as UTF-8 or Latin-1; the first three are where ComfyUI's nodes write `prompt:{…}` and `workflow:{…}`. */
const textTags = [
  [0x010e, 'ImageDescription'],
  [0x010f, 'Make'],
  [0x0110, 'Model'],
] as const;
const bytesOfType = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8];

/** Field types and the bytes of one value. */
const ASCII = 2;
const LONG = 4;
const UNDEFINED = 7;

const HEADER_BYTES = 8;
const ENTRY_BYTES = 12;
/** A count of two, two entries, no next directory. */
const DIRECTORY_BYTES = 2 + 2 * ENTRY_BYTES + 4;
/** The charset of a UserComment is in its first eight bytes. */
const CHARSET_BYTES = 8;
const UNICODE = 'UNICODE\0';

/**
 * A big-endian TIFF block with UserComment in UTF-16. The standard leaves the byte order of "UNICODE" open; readers take either
 * big-endian or the block's own, which is the same here.
 *
 * @param software ASCII.
 */
export function exifBlock(userComment: string, software: string): Uint8Array<ArrayBuffer> {
  const softwareText = latin1Bytes(`${software}\0`);
  const comment = joinBytes(latin1Bytes(UNICODE), utf16Bytes(userComment));
  const softwareAt = HEADER_BYTES + DIRECTORY_BYTES;
  const padding = new Uint8Array(softwareText.length % 2); // directories begin at even offsets
  const exifAt = softwareAt + softwareText.length + padding.length;
  const commentAt = exifAt + DIRECTORY_BYTES;
  const version = viewOf(latin1Bytes('0232')).getUint32(0);
  return joinBytes(
    latin1Bytes('MM\0*'),
    uint32(HEADER_BYTES),
    directory([SOFTWARE, ASCII, softwareText.length, softwareAt], [EXIF_IFD, LONG, 1, exifAt]),
    softwareText,
    padding,
    directory([EXIF_VERSION, UNDEFINED, 4, version], [USER_COMMENT, UNDEFINED, comment.length, commentAt]),
    comment,
  );
}

type WrittenEntry = readonly [tag: number, type: number, count: number, valueOrOffset: number];

function directory(...entries: readonly WrittenEntry[]): Uint8Array {
  const written = entries.map(([tag, type, count, value]) =>
    joinBytes(uint16(tag), uint16(type), uint32(count), uint32(value)),
  );
  return joinBytes(uint16(entries.length), ...written, uint32(0));
}

function utf16Bytes(text: string): Uint8Array {
  const bytes = new Uint8Array(2 * text.length);
  const view = viewOf(bytes);
  for (let at = 0; at < text.length; at++) view.setUint16(2 * at, text.charCodeAt(at));
  return bytes;
}

/**
 * The texts of an EXIF block by the names of their tags, `UserComment` in either byte order and any charset. The block may have its
 * "Exif" prefix. Never throws.
 */
export function readExif(block: Uint8Array): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  const tiff = latin1Text(block.subarray(0, 6)) === 'Exif\0\0' ? block.subarray(6) : block;
  const order = latin1Text(tiff.subarray(0, 4));
  if (tiff.length < HEADER_BYTES || (order !== 'MM\0*' && order !== 'II*\0')) return texts;
  const littleEndian = order === 'II*\0';
  const add = (name: string, text: string | undefined) => {
    const whole = text === undefined ? '' : withoutTrailingNuls(text);
    if (whole.trim() !== '') texts.set(name, whole);
  };
  const main = readDirectory(tiff, viewOf(tiff).getUint32(4, littleEndian), littleEndian);
  const exifAt = main.get(EXIF_IFD);
  if (exifAt?.length === 4) {
    const exif = readDirectory(tiff, viewOf(exifAt).getUint32(0, littleEndian), littleEndian);
    add(
      'UserComment',
      map(exif.get(USER_COMMENT), (bytes) => decodeComment(bytes, littleEndian)),
    );
  }
  for (const [tag, name] of textTags) add(name, map(main.get(tag), decodeUnmarked));
  add(
    'XPComment',
    map(main.get(XP_COMMENT), (bytes) => new TextDecoder('utf-16le').decode(bytes)),
  ); // whatever the block's byte order
  return texts;
}

function map<From, To>(value: From | undefined, to: (value: From) => To): To | undefined {
  return value === undefined ? undefined : to(value);
}

/** The bytes of a directory's entries by tag; entries outside the block are left out. */
function readDirectory(tiff: Uint8Array, at: number, littleEndian: boolean): ReadonlyMap<number, Uint8Array> {
  const entries = new Map<number, Uint8Array>();
  if (at + 2 > tiff.length) return entries;
  const view = viewOf(tiff);
  const end = Math.min(at + 2 + ENTRY_BYTES * view.getUint16(at, littleEndian), tiff.length);
  for (let entry = at + 2; entry + ENTRY_BYTES <= end; entry += ENTRY_BYTES) {
    const type = view.getUint16(entry + 2, littleEndian);
    const bytes = view.getUint32(entry + 4, littleEndian) * (bytesOfType[type] ?? 0);
    const start = bytes <= 4 ? entry + 8 : view.getUint32(entry + 8, littleEndian);
    const tag = view.getUint16(entry, littleEndian);
    if (bytes > 0 && start + bytes <= tiff.length && !entries.has(tag)) {
      entries.set(tag, tiff.subarray(start, start + bytes));
    }
  }
  return entries;
}

function decodeComment(comment: Uint8Array, littleEndian: boolean): string {
  const charset = latin1Text(comment.subarray(0, CHARSET_BYTES));
  const text = comment.subarray(CHARSET_BYTES);
  switch (charset) {
    case UNICODE:
      return decodeUnicode(text, littleEndian);
    case 'JIS\0\0\0\0\0':
      return decodeJis(text);
    case 'ASCII\0\0\0':
    case '\0\0\0\0\0\0\0\0':
      return decodeUnmarked(text);
    default:
      return decodeUnmarked(comment); // without a charset
  }
}

/** UTF-16 as in EXIF 2, in either byte order, or UTF-8 as in EXIF 3.0 with the same charset code: distinguished by the content. */
function decodeUnicode(bytes: Uint8Array, littleEndian: boolean): string {
  const text = withoutTrailingZeros(bytes);
  // Any UTF-16 with a space, a digit or an ASCII letter has a zero byte, UTF-8 has none.
  const utf8 = text.includes(0) ? undefined : utf8Text(text);
  return utf8 ?? decodeMarkedUtf16(bytes) ?? decodeUtf16(bytes, littleEndian);
}

/** The order that leaves fewer zero low bytes: every text of this kind is mostly ASCII. On a tie: the block's own. */
function decodeUtf16(text: Uint8Array, littleEndian: boolean): string {
  let highZerosIfBig = 0;
  let highZerosIfLittle = 0;
  for (let at = 0; at + 1 < text.length; at += 2) {
    if (text[at] === 0) highZerosIfBig++;
    if (text[at + 1] === 0) highZerosIfLittle++;
  }
  const little = highZerosIfBig === highZerosIfLittle ? littleEndian : highZerosIfLittle > highZerosIfBig;
  const whole = text.subarray(0, text.length - (text.length % 2));
  return new TextDecoder(little ? 'utf-16le' : 'utf-16be').decode(whole);
}

/** A byte-order mark decides. */
function decodeMarkedUtf16(bytes: Uint8Array): string | undefined {
  const [first, second] = bytes;
  const isMarked = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  return isMarked ? new TextDecoder(first === 0xff ? 'utf-16le' : 'utf-16be').decode(bytes) : undefined;
}

/** The code means JIS X 0208 in ISO-2022-JP, which is 7-bit; 8-bit text is Shift JIS or UTF-8. */
function decodeJis(bytes: Uint8Array): string {
  if (bytes.every((byte) => byte < 0x80)) return new TextDecoder('iso-2022-jp').decode(bytes);
  return utf8Text(bytes) ?? new TextDecoder('shift_jis').decode(bytes);
}

function decodeUnmarked(bytes: Uint8Array): string {
  const text = withoutTrailingZeros(bytes);
  const isUtf16 = text.includes(0) && text.length > 3;
  return decodeMarkedUtf16(bytes) ?? (isUtf16 ? decodeUtf16(bytes, true) : (utf8Text(text) ?? latin1Text(text)));
}

/** Without a regular expression: `/\0+$/` takes quadratic time. */
function withoutTrailingNuls(text: string): string {
  let end = text.length;
  while (end > 0 && text[end - 1] === '\0') end--;
  return text.slice(0, end);
}

function withoutTrailingZeros(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(0, bytes.findLastIndex((byte) => byte !== 0) + 1);
}
