import { type FileHandle, open } from 'node:fs/promises';
import type { TensorInfo } from './safetensors.ts';

/** The floating-point types of the format, by its names for them. */
export const floatTypes = ['F64', 'F32', 'F16', 'BF16', 'F8_E4M3', 'F8_E5M2'] as const;
export type FloatType = (typeof floatTypes)[number];

export function isFloatType(dtype: string): dtype is FloatType {
  return floatTypes.some((type) => type === dtype);
}

/**
 * The values of a small tensor, read from its file.
 *
 * @returns undefined when it does not hold floating-point numbers
 */
export async function readFloats(tensor: TensorInfo): Promise<number[] | undefined> {
  await using handle = await open(tensor.file);
  return readFloatsFrom(handle, tensor);
}

/** The same from its open file. */
export async function readFloatsFrom(
  handle: FileHandle,
  { dtype, offset, byteLength }: TensorInfo,
): Promise<number[] | undefined> {
  if (!isFloatType(dtype)) return undefined;
  const bytes = new DataView(new ArrayBuffer(byteLength));
  await handle.read(bytes, 0, byteLength, offset);
  const [width, decode] = decoders[dtype];
  return Array.from({ length: byteLength / width }, (_, index) => decode(bytes, index * width));
}

/** The 256 values of an 8-bit type, by their codes. */
export function valuesOf8Bits(dtype: 'F8_E4M3' | 'F8_E5M2'): number[] {
  const decode = dtype === 'F8_E4M3' ? e4m3ToNumber : e5m2ToNumber;
  return Array.from({ length: 256 }, (_, code) => decode(code));
}

const decoders: Readonly<Record<FloatType, readonly [width: number, decode: (bytes: DataView, at: number) => number]>> =
  {
    F64: [8, (bytes, at) => bytes.getFloat64(at, true)],
    F32: [4, (bytes, at) => bytes.getFloat32(at, true)],
    F16: [2, (bytes, at) => halfToNumber(bytes.getUint16(at, true))],
    BF16: [2, (bytes, at) => bfloat16ToNumber(bytes.getUint16(at, true))],
    F8_E4M3: [1, (bytes, at) => e4m3ToNumber(bytes.getUint8(at))],
    F8_E5M2: [1, (bytes, at) => e5m2ToNumber(bytes.getUint8(at))],
  };

/** The value of an IEEE 754 binary16 given by its bits. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24; // subnormal
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** bfloat16 is the upper half of a binary32. */
function bfloat16ToNumber(bits: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint16(0, bits);
  return view.getFloat32(0);
}

/** 4 bits of exponent, 3 of fraction; no infinity, one NaN (Micikevicius et al. 2022, arXiv:2209.05433; "fn" in PyTorch). */
function e4m3ToNumber(code: number): number {
  const sign = code & 0x80 ? -1 : 1;
  const exponent = (code >> 3) & 0xf;
  const fraction = code & 0x7;
  if (exponent === 0xf && fraction === 0x7) return Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** -9; // subnormal
  return sign * (1 + fraction / 8) * 2 ** (exponent - 7);
}

/** 5 bits of exponent, 2 of fraction (ibid.): the upper half of a binary16. */
function e5m2ToNumber(code: number): number {
  return halfToNumber(code << 8);
}
