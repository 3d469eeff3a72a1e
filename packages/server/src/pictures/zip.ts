import { crc32 } from 'node:zlib';

export interface ZipFile {
  /** Unique in the archive, with `/` between folders. */
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly modified: Date;
}

interface Written {
  readonly name: Buffer;
  readonly checksum: number;
  readonly size: number;
  readonly offset: number;
  readonly modified: Date;
}

/** Larger values are in the fields of ZIP64 (APPNOTE 6.3, §4.3.14 and §4.5.3). */
const MOST_32 = 0xffff_ffff;
const MOST_16 = 0xffff;

/** Names are UTF-8 (§4.4.4, bit 11). */
const UTF8_NAMES = 0x0800;
const VERSION = 20;
const VERSION_ZIP64 = 45;
/** Written on Unix, as an ordinary file that all may read (§4.4.2, §4.4.15). */
const UNIX = 3 << 8;
const FILE_MODE = 0o100644;

/**
 * The files as one ZIP archive, part by part: only one of them is in memory at a time. They are stored as they are, because pictures are
 * compressed already.
 *
 * @throws what reading a file throws; the archive is then incomplete
 */
export async function* zipOf(files: AsyncIterable<ZipFile> | Iterable<ZipFile>): AsyncGenerator<Uint8Array, void> {
  const written: Written[] = [];
  let offset = 0;
  for await (const { name, bytes, modified } of files) {
    const file = { name: Buffer.from(name), checksum: crc32(bytes), size: bytes.length, offset, modified };
    const header = localHeader(file);
    yield header;
    yield bytes;
    written.push(file);
    offset += header.length + bytes.length;
  }
  const directory = Buffer.concat(written.map(directoryEntry));
  yield directory;
  yield endOfArchive({ count: written.length, size: directory.length, offset });
}

/** §4.3.7 */
function localHeader({ name, checksum, size, modified }: Written): Buffer {
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(VERSION, 4);
  header.writeUInt16LE(UTF8_NAMES, 6);
  header.writeUInt32LE(dosTime(modified), 10);
  header.writeUInt32LE(checksum, 14);
  header.writeUInt32LE(size, 18);
  header.writeUInt32LE(size, 22);
  header.writeUInt16LE(name.length, 26);
  return Buffer.concat([header, name]);
}

/** §4.3.12 */
function directoryEntry({ name, checksum, size, offset, modified }: Written): Buffer {
  const isFar = offset >= MOST_32;
  const entry = Buffer.alloc(46);
  entry.writeUInt32LE(0x02014b50, 0);
  entry.writeUInt16LE(UNIX | VERSION_ZIP64, 4);
  entry.writeUInt16LE(isFar ? VERSION_ZIP64 : VERSION, 6);
  entry.writeUInt16LE(UTF8_NAMES, 8);
  entry.writeUInt32LE(dosTime(modified), 12);
  entry.writeUInt32LE(checksum, 16);
  entry.writeUInt32LE(size, 20);
  entry.writeUInt32LE(size, 24);
  entry.writeUInt16LE(name.length, 28);
  entry.writeUInt16LE(isFar ? 12 : 0, 30);
  entry.writeUInt32LE(FILE_MODE * 0x1_0000, 38);
  entry.writeUInt32LE(Math.min(offset, MOST_32), 42);
  if (!isFar) return Buffer.concat([entry, name]);
  const extra = Buffer.alloc(12);
  extra.writeUInt16LE(1, 0);
  extra.writeUInt16LE(8, 2);
  extra.writeBigUInt64LE(BigInt(offset), 4);
  return Buffer.concat([entry, name, extra]);
}

/** §4.3.14 to §4.3.16 */
function endOfArchive({ count, size, offset }: Record<'count' | 'size' | 'offset', number>): Buffer {
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Math.min(count, MOST_16), 8);
  end.writeUInt16LE(Math.min(count, MOST_16), 10);
  end.writeUInt32LE(Math.min(size, MOST_32), 12);
  end.writeUInt32LE(Math.min(offset, MOST_32), 16);
  if (count < MOST_16 && size < MOST_32 && offset < MOST_32) return end;
  const zip64 = Buffer.alloc(56);
  zip64.writeUInt32LE(0x06064b50, 0);
  zip64.writeBigUInt64LE(44n, 4);
  zip64.writeUInt16LE(UNIX | VERSION_ZIP64, 12);
  zip64.writeUInt16LE(VERSION_ZIP64, 14);
  zip64.writeBigUInt64LE(BigInt(count), 24);
  zip64.writeBigUInt64LE(BigInt(count), 32);
  zip64.writeBigUInt64LE(BigInt(size), 40);
  zip64.writeBigUInt64LE(BigInt(offset), 48);
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x07064b50, 0);
  locator.writeBigUInt64LE(BigInt(offset + size), 8);
  locator.writeUInt32LE(1, 16);
  return Buffer.concat([zip64, locator, end]);
}

/** Two seconds are the unit, 1980 the first year, and there is no time zone: UTC (§4.4.6). */
function dosTime(time: Date): number {
  const year = Math.min(127, Math.max(0, time.getUTCFullYear() - 1980));
  const date = (year << 9) | ((time.getUTCMonth() + 1) << 5) | time.getUTCDate();
  const seconds = (time.getUTCHours() << 11) | (time.getUTCMinutes() << 5) | (time.getUTCSeconds() >> 1);
  return date * 0x1_0000 + seconds;
}
