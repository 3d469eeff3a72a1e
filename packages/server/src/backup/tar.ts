/** A file, or with a name that ends in `/` an empty folder, on its way into an archive or out of it. */
export interface ArchivedFile {
  /** ASCII, with `/` between folders. */
  readonly name: string;
  /** In bytes; 0 for a folder. */
  readonly size: number;
  /** Yields exactly `size` bytes. Out of an archive it has to be read before the next file is asked for. */
  readonly content: AsyncIterable<Uint8Array>;
}

const BLOCK = 512;
const LONGEST_NAME = 100;
/** Eleven octal digits. */
const LARGEST_SIZE = 8 ** 11 - 1;

/** Where the fields of a header stand (POSIX.1-1988, ustar Interchange Format): offset and length. */
const fields = {
  name: [0, LONGEST_NAME],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  checksum: [148, 8],
  type: [156, 1],
  magic: [257, 8],
} as const;

type Field = keyof typeof fields;

/**
 * Writes an archive that `tar` reads: ustar, which has room for what is archived here.
 *
 * @throws RangeError for a name or a size that the format has no room for, or content that is not as long as it was said to be
 */
export async function* writeTar(files: AsyncIterable<ArchivedFile>): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const { name, size, content } of files) {
    yield headerOf(name, size);
    let written = 0;
    for await (const bytes of content) {
      written += bytes.length;
      yield bytes;
    }
    if (written !== size) throw new RangeError(`${name} has ${written} bytes instead of ${size}`);
    yield Buffer.alloc(paddingOf(size));
  }
  yield Buffer.alloc(2 * BLOCK);
}

function headerOf(name: string, size: number): Buffer {
  if (name === '' || Buffer.byteLength(name) > LONGEST_NAME || !/^[ -~]+$/.test(name)) {
    throw new RangeError(`${JSON.stringify(name)} cannot be the name of a file in an archive`);
  }
  if (size > LARGEST_SIZE) throw new RangeError(`${name} is too large for an archive`);
  const isFolder = name.endsWith('/');
  const header = Buffer.alloc(BLOCK);
  const put = (field: Field, text: string) => header.write(text, fields[field][0], 'latin1');
  put('name', name);
  put('mode', octal(isFolder ? 0o700 : 0o600, 8));
  put('uid', octal(0, 8));
  put('gid', octal(0, 8));
  put('size', octal(size, 12));
  put('mtime', octal(Math.floor(Date.now() / 1000), 12));
  put('type', isFolder ? '5' : '0');
  put('magic', `ustar${'\0'}00`);
  put('checksum', `${octal(checksumOf(header), 7)} `);
  return header;
}

function octal(value: number, length: number): string {
  return `${value.toString(8).padStart(length - 1, '0')}\0`;
}

/** The sum of the header's bytes, those of the checksum itself counted as spaces. */
function checksumOf(header: Uint8Array): number {
  const [start, length] = fields.checksum;
  return header.reduce((sum, byte, place) => sum + (place >= start && place < start + length ? 0x20 : byte), 0);
}

function paddingOf(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}

/**
 * Reads an archive of `writeTar`.
 *
 * @throws RangeError for anything else, and for one that is cut off
 */
export async function* readTar(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<ArchivedFile, void, undefined> {
  const source = new ByteSource(bytes);
  for (;;) {
    const header = await source.take(BLOCK);
    if (header.every((byte) => byte === 0)) return;
    const { name, size } = readHeader(header);
    let left = size;
    const content = async function* () {
      while (left > 0) {
        const part = await source.some(left);
        left -= part.length;
        yield part;
      }
    };
    yield { name, size, content: content() };
    while (left > 0) left -= (await source.some(left)).length;
    await source.take(paddingOf(size));
  }
}

function readHeader(header: Buffer): { readonly name: string; readonly size: number } {
  const read = (field: Field) => {
    const [start, length] = fields[field];
    return header.toString('latin1', start, start + length).replace(/[\0 ].*$/s, '');
  };
  const isOurs = read('magic') === 'ustar' && Number.parseInt(read('checksum'), 8) === checksumOf(header);
  const size = Number.parseInt(read('size'), 8);
  if (!isOurs || Number.isNaN(size)) throw new RangeError('it is not an archive of this format, or it is damaged');
  return { name: read('name'), size };
}

/** Bytes in pieces of the wanted length. */
class ByteSource {
  readonly #bytes: AsyncIterator<Uint8Array>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(bytes: AsyncIterable<Uint8Array>) {
    this.#bytes = bytes[Symbol.asyncIterator]();
  }

  /** Between one and `most` bytes. */
  async some(most: number): Promise<Buffer> {
    while (this.#rest.length === 0) {
      const { done, value } = await this.#bytes.next();
      if (done === true) throw new RangeError('it ends in the middle');
      this.#rest = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    }
    const part = this.#rest.subarray(0, most);
    this.#rest = this.#rest.subarray(part.length);
    return part;
  }

  async take(length: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    for (let left = length; left > 0; ) {
      const part = await this.some(left);
      left -= part.length;
      parts.push(part);
    }
    return Buffer.concat(parts);
  }
}
