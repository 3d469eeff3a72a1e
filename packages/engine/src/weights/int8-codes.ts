import { EngineError } from '../errors.ts';
import { type FloatType, halfToNumber, isFloatType, valuesOf8Bits } from './element-values.ts';
import type { TensorInfo } from './safetensors.ts';

/**
 * Codes go to ±63, not ±127: without VNNI a processor adds two products of u8 and s8 in 16 bits and saturates (VPMADDUBSW), which
 * 2 · 255 · 63 = 32130 cannot reach and 2 · 255 · 127 = 64770 does.
 */
export const LARGEST_CODE = 63;

/** An 8-bit weight in the layout of a matrix product: value[input, output] ≈ codes[input · outputs + output] · scales[output]. */
export interface Int8Codes {
  readonly inputs: number;
  readonly outputs: number;
  readonly codes: Int8Array;
  readonly scales: Float32Array;
}

/**
 * Rows [begin, end) of a weight [out, in] or [out, in, k, k] as codes, each row with a scale from its largest value. The inputs of a
 * convolution are reordered to match an unfolded picture: k, k, in.
 */
export function quantizeRows(
  values: Float32Array,
  shape: readonly number[],
  [begin, end]: readonly [number, number],
): Int8Codes {
  const [, channels = 1, ...kernel] = shape;
  const taps = kernel.reduce((product, side) => product * side, 1);
  const inputs = channels * taps;
  const outputs = end - begin;
  const codes = new Int8Array(inputs * outputs);
  const scales = new Float32Array(outputs);
  const factors = new Float64Array(outputs);
  for (let output = 0; output < outputs; output++) {
    scales[output] = scaleOf(values.subarray((begin + output) * inputs, (begin + output + 1) * inputs));
    factors[output] = 1 / scales[output];
  }
  // Transposed in tiles: rows are read and columns written, each a cache line at a time.
  for (let from = 0; from < channels; from += TILE) {
    const to = Math.min(channels, from + TILE);
    for (let tap = 0; tap < taps; tap++) {
      for (let output = 0; output < outputs; output++) {
        const row = (begin + output) * inputs;
        for (let channel = from; channel < to; channel++) {
          const code = Math.round(values[row + channel * taps + tap] * factors[output]);
          codes[(tap * channels + channel) * outputs + output] = code;
        }
      }
    }
  }
  return { inputs, outputs, codes, scales };
}

const TILE = 64;

/** A row of zeros may have any scale. A scale below the normal range would lose digits, and its values are negligible. */
function scaleOf(row: Float32Array): number {
  let largest = 0;
  for (let index = 0; index < row.length; index++) {
    const size = Math.abs(row[index]);
    if (size > largest) largest = size;
  }
  return Math.max(largest / LARGEST_CODE, SMALLEST_SCALE);
}

const SMALLEST_SCALE = 2 ** -100;

/**
 * The values of a stored weight as float32, [out, in, …], whatever its type, scaled and transposed as its description says.
 *
 * @throws EngineError `tensor_dtype`, `weights_corrupt` for values that are not finite
 */
export function decodeWeight(bytes: Uint8Array<ArrayBuffer>, name: string, tensor: TensorInfo): Float32Array {
  const { dtype, file, scale, shape, transposed } = tensor;
  const details = { file, tensor: name };
  if (!isFloatType(dtype))
    throw new EngineError('tensor_dtype', `${file}: the tensor ${name} has the type ${dtype}`, { details });
  const values = decoders[dtype](bytes);
  if (scale !== undefined) for (let index = 0; index < values.length; index++) values[index] *= scale;
  if (!values.every(Number.isFinite)) {
    const message = `${file}: the tensor ${name} holds values that are not finite; download the file again`;
    throw new EngineError('weights_corrupt', message, { details });
  }
  return transposed ? turned(values, shape) : values;
}

/** Stored [in, out] → [out, in]. */
function turned(values: Float32Array, [outputs = 1, inputs = 1]: readonly number[]): Float32Array {
  const result = new Float32Array(values.length);
  for (let input = 0; input < inputs; input++) {
    for (let output = 0; output < outputs; output++) result[output * inputs + input] = values[input * outputs + output];
  }
  return result;
}

type Decoder = (bytes: Uint8Array<ArrayBuffer>) => Float32Array;

const decoders: Readonly<Record<FloatType, Decoder>> = {
  F64: (bytes) => Float32Array.from(new Float64Array(aligned(bytes))),
  F32: (bytes) => new Float32Array(aligned(bytes)),
  F16: (bytes) => lookUp(new Uint16Array(aligned(bytes)), halfValues()),
  BF16: (bytes) => new Float32Array(Uint32Array.from(new Uint16Array(aligned(bytes)), (bits) => bits << 16).buffer),
  F8_E4M3: (bytes) => lookUp(bytes, Float32Array.from(valuesOf8Bits('F8_E4M3'))),
  F8_E5M2: (bytes) => lookUp(bytes, Float32Array.from(valuesOf8Bits('F8_E5M2'))),
};

/** A buffer of its own: a view must begin at a multiple of its element's size. */
function aligned(bytes: Uint8Array<ArrayBuffer>): ArrayBuffer {
  return bytes.byteOffset === 0 && bytes.byteLength === bytes.buffer.byteLength ? bytes.buffer : bytes.slice().buffer;
}

function lookUp(codes: Uint8Array | Uint16Array, values: Float32Array): Float32Array {
  const result = new Float32Array(codes.length);
  for (let index = 0; index < codes.length; index++) result[index] = values[codes[index]];
  return result;
}

let halves: Float32Array | undefined;

/** All 65,536 values: a lookup is several times faster than computing. */
function halfValues(): Float32Array {
  halves ??= Float32Array.from({ length: 65_536 }, (_, bits) => halfToNumber(bits));
  return halves;
}
