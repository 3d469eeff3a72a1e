import { joinBytes, latin1Bytes, latin1Text, uint32, viewOf } from './bytes.ts';
import { PictureFormatError } from './errors.ts';
import type { EmbeddedBlocks } from './jpeg.ts';

/** WebP: "RIFF", size, "WEBP", then chunks of name (4 bytes), size (4, little-endian), data, padding to an even size. RFC 9649. */
const FILE_HEADER_BYTES = 12;
const CHUNK_HEADER_BYTES = 8;
/** In the first byte of VP8X, the chunk that lists the file's other contents. */
const HAS_EXIF = 0x08;
const HAS_ALPHA = 0x10;

interface Chunk {
  readonly name: string;
  readonly data: Uint8Array;
}

/**
 * The same picture with an EXIF chunk, in the extended format; every other chunk stays.
 *
 * @throws PictureFormatError when no picture is found in the file.
 */
export function insertWebpExif(file: Uint8Array, exif: Uint8Array): Uint8Array<ArrayBuffer> {
  const chunks = [...chunksOf(file)].filter(({ name }) => name !== 'EXIF');
  const extended = Uint8Array.from(chunks.find(({ name }) => name === 'VP8X')?.data ?? extendedHeader(chunks));
  extended[0] = (extended[0] ?? 0) | HAS_EXIF;
  const others = chunks.filter(({ name }) => name !== 'VP8X');
  // Metadata come last, EXIF before XMP (2.7).
  const [pictures, xmp] = [others.filter(({ name }) => name !== 'XMP '), others.filter(({ name }) => name === 'XMP ')];
  const all = [{ name: 'VP8X', data: extended }, ...pictures, { name: 'EXIF', data: exif }, ...xmp];
  return encodeChunk({ name: 'RIFF', data: joinBytes(latin1Bytes('WEBP'), ...all.map(encodeChunk)) });
}

/** Of a file in the simple format: one chunk, whose own header has the size (RFC 6386, 9.1; RFC 9649, 3.4). */
function extendedHeader(chunks: readonly Chunk[]): Uint8Array {
  const picture = chunks.find(({ name }) => name === 'VP8 ' || name === 'VP8L');
  if (picture === undefined || picture.data.length < 10) throw new PictureFormatError('the WebP file is damaged');
  const view = viewOf(picture.data);
  const isLossless = picture.name === 'VP8L';
  const bits = isLossless ? view.getUint32(1, true) : 0;
  const width = isLossless ? (bits & 0x3fff) + 1 : view.getUint16(6, true) & 0x3fff;
  const height = isLossless ? ((bits >>> 14) & 0x3fff) + 1 : view.getUint16(8, true) & 0x3fff;
  const header = new Uint8Array(10);
  header[0] = isLossless && bits & (1 << 28) ? HAS_ALPHA : 0;
  header.set(uint32(width - 1, true).subarray(0, 3), 4);
  header.set(uint32(height - 1, true).subarray(0, 3), 7);
  return header;
}

function encodeChunk({ name, data }: Chunk): Uint8Array<ArrayBuffer> {
  return joinBytes(latin1Bytes(name), uint32(data.length, true), data, new Uint8Array(data.length % 2));
}

/** The EXIF and XMP blocks of a WebP file. Never throws. */
export function readWebp(file: Uint8Array): EmbeddedBlocks {
  let exif: Uint8Array | undefined;
  let xmp: Uint8Array | undefined;
  for (const { name, data } of chunksOf(file)) {
    if (name === 'EXIF') exif ??= data;
    if (name === 'XMP ') xmp ??= data;
  }
  return { exif, xmp };
}

/** Stops at the first incomplete chunk. */
function* chunksOf(file: Uint8Array): Generator<Chunk> {
  const view = viewOf(file);
  for (let at = FILE_HEADER_BYTES; at + CHUNK_HEADER_BYTES <= file.length; ) {
    const size = view.getUint32(at + 4, true);
    const start = at + CHUNK_HEADER_BYTES;
    if (start + size > file.length) return;
    yield { name: latin1Text(file.subarray(at, at + 4)), data: file.subarray(start, start + size) };
    at = start + size + (size % 2);
  }
}
