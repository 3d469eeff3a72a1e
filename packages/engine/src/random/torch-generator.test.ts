import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { type FixtureTensor, floatsOf, readFixture, readFixtureJson } from '../../test/fixtures.ts';
import { EngineError } from '../errors.ts';
import { createGenerator } from './torch-generator.ts';

const fixture = readFixture('randn.safetensors');
// a JSON number cannot hold the largest seeds; the names of the tensors do
const tensors = [...fixture].map(([name, tensor]) => {
  const [kind, seed] = name.split('.');
  return { name, kind, seed: BigInt(seed), tensor };
});
const ofKind = (kind: string) => tensors.filter((entry) => entry.kind === kind);
const elements = ({ shape }: FixtureTensor) => shape.reduce((product, side) => product * side, 1);

describe('against the reference generator, bit for bit', () => {
  test('the fixture holds thirteen seeds of every kind', () => {
    expect(ofKind('randn')).toHaveLength(13 * 20 + 1);
    for (const kind of ['uniform8', 'randn_fp16', 'seq_3_16_3_17']) expect(ofKind(kind)).toHaveLength(13);
  });

  test.each(ofKind('randn'))('$name', ({ name, seed, tensor }) => {
    expect(bitsOf(createGenerator(seed).randn(elements(tensor)))).toEqual(bitsOf(floatsOf(fixture, name)));
  });

  test.each(ofKind('uniform8'))('$name', ({ name, seed }) => {
    expect(bitsOf(createGenerator(seed).uniform(8))).toEqual(bitsOf(floatsOf(fixture, name)));
  });

  test.each(ofKind('seq_3_16_3_17'))('$name: a waiting second value outlives a large tensor', ({ name, seed }) => {
    const generator = createGenerator(seed);
    const drawn = [3, 16, 3, 17].flatMap((count) => [...generator.randn(count)]);
    expect(bitsOf(Float32Array.from(drawn))).toEqual(bitsOf(floatsOf(fixture, name)));
  });

  test.each(ofKind('randn_fp16'))('$name: rounded to half precision', ({ seed, tensor }) => {
    const rounded = new Float16Array(createGenerator(seed).randn(elements(tensor)));
    expect(new Uint16Array(rounded.buffer)).toEqual(tensor.data);
  });

  const { seeds } = readFixtureJson<{ seeds: { low32: number; sha256_f32le: Record<string, string> }[] }>('randn.json');
  const hashes = seeds.flatMap(({ low32, sha256_f32le }) =>
    Object.entries(sha256_f32le).map(([shape, sha256]) => ({ low32, shape, sha256 })),
  );

  test.each(hashes)('SHA-256 of $shape, low bits of the seed $low32', ({ low32, shape, sha256 }) => {
    const count = shape.split('x').reduce((product, side) => product * Number(side), 1);
    expect(sha256Of(createGenerator(low32).randn(count))).toBe(sha256);
  });
});

test('the first sample of a batch equals the single sample when it fills whole groups of 16', () => {
  const batch = createGenerator(5).randn(2 * 64);
  expect(batch.subarray(0, 64)).toEqual(createGenerator(5).randn(64));
});

test('no elements are an empty tensor and take nothing from the stream', () => {
  const generator = createGenerator(3);
  expect(generator.randn(0)).toHaveLength(0);
  expect(generator.randn(16)).toEqual(createGenerator(3).randn(16));
});

test('a seed that is no integer is refused', () => {
  expect(() => createGenerator(0.5)).toThrow(EngineError);
});

/** Bits, so that −0 and 0 differ. */
function bitsOf(values: Float32Array): Uint32Array {
  return new Uint32Array(values.slice().buffer);
}

function sha256Of(values: Float32Array): string {
  return createHash('sha256').update(new Uint8Array(values.buffer)).digest('hex');
}
