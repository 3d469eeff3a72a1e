import { readFileSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Reads the golden tensors that the reference implementation wrote (tests/fixtures/goldens).
 * A few lines on purpose, and apart from the engine's own safetensors reader, so that a fault there cannot hide one here.
 */
export type FixtureData =
  | Float32Array
  | Float64Array
  | Uint16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Int8Array;

export interface FixtureTensor {
  /** As in the file: 'F32', 'F16', 'I32', 'U8', … Half-precision values stay raw 16-bit patterns. */
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: FixtureData;
}

export type Fixture = ReadonlyMap<string, FixtureTensor>;

const root = new URL('../../../tests/fixtures/goldens/', import.meta.url);

/** The absolute path of a file or folder below tests/fixtures/goldens; an absolute path is itself. */
export function fixturePath(relativePath: string): string {
  return isAbsolute(relativePath) ? relativePath : fileURLToPath(new URL(relativePath, root));
}

/** A JSON file below tests/fixtures/goldens; the caller says what it holds. */
export function readFixtureJson<T>(relativePath: string): T {
  return JSON.parse(readFileSync(fixturePath(relativePath), 'utf8'));
}

/** All tensors of a safetensors file, by absolute path or below tests/fixtures/goldens: 8-byte header length, JSON header, data. */
export function readFixture(relativePath: string): Map<string, FixtureTensor> {
  const bytes = readFileSync(fixturePath(relativePath));
  const dataStart = 8 + Number(bytes.readBigUInt64LE(0));
  const header: Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }> = JSON.parse(
    bytes.toString('utf8', 8, dataStart),
  );
  const tensors = new Map<string, FixtureTensor>();
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    const [from, to] = entry.data_offsets;
    // A copy, because a typed array must begin at a multiple of its element size.
    const data = view(entry.dtype, new Uint8Array(bytes.subarray(dataStart + from, dataStart + to)).buffer);
    tensors.set(name, { dtype: entry.dtype, shape: entry.shape, data });
  }
  return tensors;
}

/** The named float32 tensor's values; fails with the name when it is absent or of another type. */
export function floatsOf(fixture: Fixture, name: string): Float32Array {
  const data = fixture.get(name)?.data;
  if (data instanceof Float32Array) return data;
  throw new Error(`the fixture has no float32 tensor ${name}`);
}

/** The named int32 tensor's values; fails with the name when it is absent or of another type. */
export function intsOf(fixture: Fixture, name: string): Int32Array {
  const data = fixture.get(name)?.data;
  if (data instanceof Int32Array) return data;
  throw new Error(`the fixture has no int32 tensor ${name}`);
}

/** max |a[i] − b[i]|; NaN when either holds one, so that no tolerance accepts it. Lengths must agree. */
export function maxAbsDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) throw new Error(`lengths differ: ${a.length} and ${b.length}`);
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(Number(a[i]) - Number(b[i]));
    if (!(difference <= largest)) largest = difference;
    if (Number.isNaN(difference)) return Number.NaN;
  }
  return largest;
}

/** ‖a − b‖ / ‖b‖; NaN when either holds one, or lengths differ. */
export function relativeDistance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [error, size] = [a.length === b.length ? 0 : Number.NaN, 0];
  for (let i = 0; i < b.length; i++) {
    error += (Number(a[i]) - Number(b[i])) ** 2;
    size += Number(b[i]) ** 2;
  }
  return Math.sqrt(error / size);
}

function view(dtype: string, buffer: ArrayBuffer): FixtureData {
  switch (dtype) {
    case 'F32':
      return new Float32Array(buffer);
    case 'F64':
      return new Float64Array(buffer);
    case 'F16':
    case 'BF16':
      return new Uint16Array(buffer);
    case 'I32':
      return new Int32Array(buffer);
    case 'I64':
      return new BigInt64Array(buffer);
    case 'U8':
      return new Uint8Array(buffer);
    case 'I8':
      return new Int8Array(buffer);
    default:
      throw new Error(`the fixture reader knows no dtype ${dtype}`);
  }
}
