import { sniffImageFormat } from './image-format.ts';

/**
 * The file of an animation or of many pages, reduced to its first picture: decoders go through all of them before they return the first, and a
 * file of some megabytes can have hundreds of thousands. Texts, which no decoder needs, are dropped as well. A file with nothing but its first
 * picture is returned unchanged, and damage is left for the decoder to report.
 */
export function firstFrame(file: Uint8Array): Uint8Array {
  switch (sniffImageFormat(file)) {
    case 'png':
      return firstOfPng(file);
    case 'webp':
      return firstOfWebp(file);
    case 'gif':
      return firstOfGif(file);
    case 'tiff':
      return firstOfTiff(file);
    default:
      return file; // JPEG has one; of AVIF only still pictures are read
  }
}

/** What a decoder needs of a PNG: the frames of an APNG are in fcTL and fdAT, after the picture in IDAT (W3C PNG, third edition, 11). */
const pngChunks = chunkNames('IHDR PLTE IDAT IEND tRNS cHRM gAMA iCCP sBIT sRGB cICP pHYs eXIf'.split(' '));

function firstOfPng(file: Uint8Array): Uint8Array {
  const view = viewOf(file);
  const kept = new Excerpt(file, 8);
  for (let at = 8; at + 12 <= file.length; ) {
    const end = at + 12 + view.getUint32(at);
    if (end > file.length) break;
    if (!pngChunks.has(view.getUint32(at + 4))) kept.drop(at, end);
    at = end;
  }
  return kept.bytes();
}

/** RFC 9649, 2.7: an animation's frames are ANMF chunks. All chunks not listed come after the picture or do not affect it. */
const webpChunks = chunkNames(['VP8X', 'VP8 ', 'VP8L', 'ALPH', 'ICCP', 'ANIM', 'EXIF']);
const [webpFrame] = chunkNames(['ANMF']);

function firstOfWebp(file: Uint8Array): Uint8Array {
  const view = viewOf(file);
  const kept = new Excerpt(file, 12);
  let hasFrame = false;
  for (let at = 12; at + 8 <= file.length; ) {
    const size = view.getUint32(at + 4, true);
    const end = at + 8 + size + (size % 2);
    if (end > file.length) break;
    const name = view.getUint32(at);
    const isFirstFrame: boolean = name === webpFrame && !hasFrame;
    hasFrame ||= isFirstFrame;
    if (!isFirstFrame && !webpChunks.has(name)) kept.drop(at, end);
    at = end;
  }
  const bytes = kept.bytes();
  if (bytes !== file) viewOf(bytes).setUint32(4, bytes.length - 8, true);
  return bytes;
}

/** GIF89a specification, 17 to 26: header, screen, colours, then extensions and pictures, each in blocks of a length byte and its bytes. */
function firstOfGif(file: Uint8Array): Uint8Array {
  let at = 13 + coloursAt(file, 10);
  while (file[at] === 0x21) at = afterBlocks(file, at + 2);
  if (file[at] !== 0x2c) return file;
  const end = afterBlocks(file, at + 10 + coloursAt(file, at + 9) + 1);
  if (end >= file.length) return file;
  const first = new Uint8Array(file.subarray(0, end + 1));
  first[end] = 0x3b; // trailer
  return first;
}

/** The bytes of the colour table that packed fields announce: three per colour. */
function coloursAt(file: Uint8Array, packedAt: number): number {
  const packed = file[packedAt] ?? 0;
  return packed & 0x80 ? 3 * 2 ** ((packed & 0x07) + 1) : 0;
}

function afterBlocks(file: Uint8Array, start: number): number {
  let at = start;
  for (let length = file[at]; length !== undefined && length !== 0; length = file[at]) at += 1 + length;
  return at + 1;
}

/** TIFF 6.0, section 2: a directory is a count, that many entries of 12 bytes, and the offset of the next directory; 0: there is none. */
function firstOfTiff(file: Uint8Array): Uint8Array {
  const view = viewOf(file);
  const isLittleEndian = file[0] === 0x49;
  if (file.length < 8) return file;
  const directory = view.getUint32(4, isLittleEndian);
  if (directory + 2 > file.length) return file;
  const next = directory + 2 + 12 * view.getUint16(directory, isLittleEndian);
  if (next + 4 > file.length || view.getUint32(next) === 0) return file;
  const first = new Uint8Array(file);
  viewOf(first).setUint32(next, 0);
  return first;
}

/** A file without some of its parts, in a single copy however many they are. */
class Excerpt {
  readonly #file: Uint8Array;
  readonly #start: number;
  #copy: Uint8Array | undefined;
  #length = 0;
  /** What happens to the file is decided up to here. */
  #done: number;

  constructor(file: Uint8Array, start: number) {
    this.#file = file;
    this.#start = start;
    this.#done = start;
  }

  drop(from: number, to: number): void {
    this.#copyUpTo(from);
    this.#done = to;
  }

  /** The file itself when nothing was dropped. */
  bytes(): Uint8Array {
    if (this.#copy === undefined) return this.#file;
    this.#copyUpTo(this.#file.length);
    return this.#copy.subarray(0, this.#length);
  }

  #copyUpTo(end: number): void {
    if (this.#copy === undefined) {
      this.#copy = new Uint8Array(this.#file.length);
      this.#copy.set(this.#file.subarray(0, this.#start));
      this.#length = this.#start;
    }
    this.#copy.set(this.#file.subarray(this.#done, end), this.#length);
    this.#length += end - this.#done;
    this.#done = end;
  }
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

/** As in the file: four characters, or one big-endian number. */
function chunkNames(names: readonly string[]): ReadonlySet<number> {
  return new Set(names.map((name) => Buffer.from(name, 'latin1').readUInt32BE()));
}
