/**
 * zlib streams (RFC 1950) of deflated data (RFC 1951). Our own because Node's zlib is not in browsers and `DecompressionStream`
 * has no synchronous form; both would also need a limit on their output's size.
 */

/** The number of codes of each length (index: bits), and the symbols in code order. */
interface Huffman {
  readonly counts: Uint16Array;
  readonly symbols: Uint16Array;
}

const MAX_BITS = 15;
const END_OF_BLOCK = 256;

/** RFC 1951, 3.2.5: base and extra bits of lengths (symbols from 257) and distances. */
const lengthBase = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
];
const lengthExtra = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const distanceBase = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145,
  8193, 12289, 16385, 24577,
];
const distanceExtra = [
  0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
];
/** The order in which the lengths of the code for code lengths are stored (3.2.7). */
const codeLengthOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

class Damaged extends Error {}

/** The unpacked bytes; undefined when the stream is damaged or unpacks to more than `maxBytes`. Never throws. */
export function inflate(stream: Uint8Array, maxBytes: number): Uint8Array | undefined {
  // RFC 1950, 2.2: deflate, no preset dictionary, and a multiple of 31.
  const [method = 0, flags = 0] = stream;
  if (stream.length < 6 || (method & 15) !== 8 || (flags & 0x20) !== 0 || (method * 256 + flags) % 31 !== 0)
    return undefined;
  const bits = new BitReader(stream, 2);
  const output = new Output(maxBytes);
  try {
    for (let isLast = false; !isLast; ) {
      isLast = bits.take(1) === 1;
      const kind = bits.take(2);
      if (kind === 0) copyStored(bits, output);
      else if (kind === 1) decode(bits, output, fixed.literals, fixed.distances);
      else if (kind === 2) decodeDynamic(bits, output);
      else throw new Damaged();
    }
    const unpacked = output.bytes();
    return bits.checksum() === adler32(unpacked) ? unpacked : undefined;
  } catch (error) {
    if (error instanceof Damaged) return undefined;
    throw error;
  }
}

class BitReader {
  readonly #bytes: Uint8Array;
  #at: number;
  #held = 0;
  #count = 0;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw new Damaged();
    return byte;
  }

  /** At most 16 bits. */
  take(count: number): number {
    while (this.#count < count) {
      this.#held |= this.#byte() << this.#count;
      this.#count += 8;
    }
    const value = this.#held & ((1 << count) - 1);
    this.#held >>>= count;
    this.#count -= count;
    return value;
  }

  /** Whole bytes, from the next byte boundary on. */
  takeBytes(count: number): Uint8Array {
    this.#held = 0;
    this.#count = 0; // never holds a whole byte: `take` fetches no more than it needs
    const bytes = this.#bytes.subarray(this.#at, this.#at + count);
    if (bytes.length < count) throw new Damaged();
    this.#at += count;
    return bytes;
  }

  checksum(): number {
    const [a = 0, b = 0, c = 0, d = 0] = this.takeBytes(4);
    return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
  }

  symbol({ counts, symbols }: Huffman): number {
    let code = 0;
    let first = 0;
    let index = 0;
    for (let length = 1; length <= MAX_BITS; length++) {
      code |= this.take(1);
      const count = counts[length] ?? 0;
      if (code - count < first) return symbols[index + code - first] ?? 0;
      index += count;
      first = (first + count) << 1;
      code <<= 1;
    }
    throw new Damaged();
  }
}

class Output {
  readonly #maxBytes: number;
  #buffer = new Uint8Array(1024);
  #length = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed > this.#maxBytes) throw new Damaged();
    if (needed <= this.#buffer.length) return;
    const larger = new Uint8Array(Math.max(needed, 2 * this.#buffer.length));
    larger.set(this.#buffer);
    this.#buffer = larger;
  }

  push(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  pushByte(byte: number): void {
    this.#reserve(1);
    this.#buffer[this.#length++] = byte;
  }

  /** Copies from `distance` before the end; the source may overlap the copy. */
  repeat(length: number, distance: number): void {
    if (distance > this.#length) throw new Damaged();
    this.#reserve(length);
    for (let count = 0; count < length; count++, this.#length++) {
      this.#buffer[this.#length] = this.#buffer[this.#length - distance] ?? 0;
    }
  }

  bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }
}

function huffman(lengths: readonly number[]): Huffman {
  const counts = new Uint16Array(MAX_BITS + 1);
  for (const length of lengths) counts[length] = (counts[length] ?? 0) + 1;
  counts[0] = 0;
  let left = 1;
  const offsets = [0, 0];
  for (let length = 1; length <= MAX_BITS; length++) {
    left = 2 * left - (counts[length] ?? 0);
    if (left < 0) throw new Damaged(); // more codes than possible
    offsets.push((offsets[length] ?? 0) + (counts[length] ?? 0));
  }
  const symbols = new Uint16Array(lengths.length);
  for (const [symbol, length] of lengths.entries()) {
    const at = offsets[length] ?? 0;
    if (length !== 0) symbols[at] = symbol;
    if (length !== 0) offsets[length] = at + 1;
  }
  return { counts, symbols };
}

const fixed = {
  literals: huffman(
    Array.from({ length: 288 }, (_, symbol) => (symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8)),
  ),
  distances: huffman(new Array<number>(30).fill(5)),
};

function copyStored(bits: BitReader, output: Output): void {
  const [low = 0, high = 0, lowCheck = 0, highCheck = 0] = bits.takeBytes(4);
  if ((low ^ lowCheck) !== 0xff || (high ^ highCheck) !== 0xff) throw new Damaged();
  output.push(bits.takeBytes(low | (high << 8)));
}

function decodeDynamic(bits: BitReader, output: Output): void {
  const [literals, distances, codes] = [bits.take(5) + 257, bits.take(5) + 1, bits.take(4) + 4];
  const codeLengths = new Array<number>(19).fill(0);
  for (const symbol of codeLengthOrder.slice(0, codes)) codeLengths[symbol] = bits.take(3);
  const code = huffman(codeLengths);
  const lengths: number[] = [];
  while (lengths.length < literals + distances) {
    const symbol = bits.symbol(code);
    if (symbol < 16) lengths.push(symbol);
    else if (symbol === 16) {
      const before = lengths.at(-1);
      if (before === undefined) throw new Damaged();
      lengths.push(...new Array<number>(3 + bits.take(2)).fill(before));
    } else lengths.push(...new Array<number>(symbol === 17 ? 3 + bits.take(3) : 11 + bits.take(7)).fill(0));
  }
  if (lengths.length > literals + distances) throw new Damaged();
  decode(bits, output, huffman(lengths.slice(0, literals)), huffman(lengths.slice(literals)));
}

function decode(bits: BitReader, output: Output, literals: Huffman, distances: Huffman): void {
  for (;;) {
    const symbol = bits.symbol(literals);
    if (symbol === END_OF_BLOCK) return;
    if (symbol < END_OF_BLOCK) output.pushByte(symbol);
    else {
      const length = readExtended(bits, symbol - 257, lengthBase, lengthExtra);
      output.repeat(length, readExtended(bits, bits.symbol(distances), distanceBase, distanceExtra));
    }
  }
}

function readExtended(bits: BitReader, index: number, base: readonly number[], extra: readonly number[]): number {
  const [from, extraBits] = [base[index], extra[index]];
  if (from === undefined || extraBits === undefined) throw new Damaged();
  return from + bits.take(extraBits);
}

function adler32(bytes: Uint8Array): number {
  let [a, b] = [1, 0];
  for (const byte of bytes) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  return ((b << 16) | a) >>> 0;
}
