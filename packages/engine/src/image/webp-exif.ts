/** WebP: "RIFF", size, "WEBP", then chunks of name (4 bytes), size (4, little-endian), data, padding to an even size. RFC 9649. */
const FILE_HEADER_BYTES = 12;
const CHUNK_HEADER_BYTES = 8;
/** In the first byte of VP8X, the chunk that says what else the file has. */
const HAS_EXIF = 0x08;

interface Chunk {
  readonly name: string;
  readonly data: Buffer;
}

/**
 * The same picture in the extended format with an EXIF chunk. For the files the encoder makes: without transparency or animation.
 *
 * @param width of the picture, as is `height`: the extended header repeats them.
 */
export function insertWebpExif(file: Uint8Array, exif: Uint8Array, width: number, height: number): Uint8Array {
  const extended = Buffer.alloc(10);
  extended[0] = HAS_EXIF;
  extended.writeUIntLE(width - 1, 4, 3);
  extended.writeUIntLE(height - 1, 7, 3);
  const picture = [...chunksOf(file)].filter(({ name }) => name === 'VP8 ' || name === 'VP8L');
  const chunks = [{ name: 'VP8X', data: extended }, ...picture, { name: 'EXIF', data: Buffer.from(exif) }];
  const body = Buffer.concat([Buffer.from('WEBP', 'latin1'), ...chunks.map(encodeChunk)]);
  return encodeChunk({ name: 'RIFF', data: body });
}

function encodeChunk({ name, data }: Chunk): Buffer {
  const header = Buffer.alloc(CHUNK_HEADER_BYTES);
  header.write(name, 'latin1');
  header.writeUInt32LE(data.length, 4);
  return Buffer.concat([header, data, Buffer.alloc(data.length % 2)]);
}

/** The EXIF block of a WebP file. Never throws. */
export function readWebpExif(file: Uint8Array): Uint8Array | undefined {
  for (const { name, data } of chunksOf(file)) {
    if (name === 'EXIF') return data;
  }
  return undefined;
}

/** Ends at the first chunk that is not whole. */
function* chunksOf(file: Uint8Array): Generator<Chunk> {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  for (let at = FILE_HEADER_BYTES; at + CHUNK_HEADER_BYTES <= bytes.length; ) {
    const size = bytes.readUInt32LE(at + 4);
    const start = at + CHUNK_HEADER_BYTES;
    if (start + size > bytes.length) return;
    yield { name: bytes.toString('latin1', at, at + 4), data: bytes.subarray(start, start + size) };
    at = start + size + (size % 2);
  }
}
