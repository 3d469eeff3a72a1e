import { constants, deflateSync, inflateSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inflate } from './inflate.ts';

const anyBytes = fc.oneof(
  fc.uint8Array({ maxLength: 3000 }),
  fc
    .array(fc.constantFrom('a cat', ', ', 'Steps: ', '\0'), { maxLength: 600 })
    .map((pieces) => Buffer.from(pieces.join(''))),
);
const strategies = [constants.Z_DEFAULT_STRATEGY, constants.Z_FIXED, constants.Z_HUFFMAN_ONLY, constants.Z_RLE];

test('whatever zlib packs is unpacked, in every kind of block', () => {
  fc.assert(
    fc.property(anyBytes, fc.integer({ min: 0, max: 9 }), fc.constantFrom(...strategies), (bytes, level, strategy) => {
      const unpacked = inflate(deflateSync(bytes, { level, strategy }), 2 ** 20);
      expect(unpacked && Buffer.from(unpacked).equals(bytes)).toBe(true);
    }),
    { numRuns: 400 },
  );
});

/** What zlib itself says of a stream. */
function unpackedByZlib(stream: Uint8Array): Buffer | undefined {
  try {
    return inflateSync(stream);
  } catch {
    return undefined;
  }
}

test('a stream that is cut or damaged gives what it gives in zlib, mostly nothing', () => {
  const numbers = Array.from({ length: 400 }, (_, index) => index * index);
  const stream = deflateSync(Buffer.from('a cat on a mat, '.repeat(40) + numbers.join()));
  for (let end = 0; end < stream.length; end++) expect(inflate(stream.subarray(0, end), 2 ** 20)).toBeUndefined();
  fc.assert(
    fc.property(fc.nat(stream.length - 1), fc.nat(255), (at, byte) => {
      const damaged = Uint8Array.from(stream).with(at, byte);
      const unpacked = inflate(damaged, 2 ** 20);
      expect(unpacked && Buffer.from(unpacked)).toEqual(unpackedByZlib(damaged));
    }),
    { numRuns: 2000 },
  );
});

test('bytes that are no stream give nothing and end', () => {
  const streams = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.concat([Buffer.from([0x78, 0x9c]), bytes]));
  fc.assert(
    fc.property(streams, (stream) => {
      const unpacked = inflate(stream, 2 ** 16);
      expect(unpacked && Buffer.from(unpacked)).toEqual(unpackedByZlib(stream));
    }),
    { numRuns: 2000 },
  );
});

test('no more is unpacked than is allowed', () => {
  const bomb = deflateSync(Buffer.alloc(50 * 2 ** 20));
  expect(inflate(bomb, 2 ** 20)).toBeUndefined();
  expect(inflate(deflateSync(Buffer.alloc(1000)), 1000)).toHaveLength(1000);
  expect(inflate(deflateSync(Buffer.alloc(1001)), 1000)).toBeUndefined();
});
