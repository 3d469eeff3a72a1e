import { createGenerator } from '../../src/random/torch-generator.ts';
import { type FloatType, valuesOf8Bits } from '../../src/weights/element-values.ts';
import { readSafetensors, type TensorTable } from '../../src/weights/safetensors.ts';
import { withScales } from '../../src/weights/scaled-weights.ts';
import { asTransposed } from '../../src/weights/tensor-views.ts';
import { writeSafetensors } from '../safetensors-files.ts';
import { type LayerForm, namedForms } from './layer-forms.ts';

/** Writes random weights of all forms in one type, each under `FORM/layer.…`. */
export async function writeWeights(path: string, dtype: FloatType): Promise<void> {
  const { randn } = createGenerator(11);
  const tensors = [...namedForms].flatMap(([form, { weights = {}, transposed = false, scale }]) => {
    const stored = Object.entries(weights).map(([kind, shape]) => {
      const [rows = 1, ...inner] = shape;
      const size = kind === 'weight' ? (scale === undefined ? scaleOf(inner) : 100) : 1;
      const values = randn(rows * inner.reduce((product, side) => product * side, 1)).map((value) => value * size);
      const isTurned = transposed && kind === 'weight';
      return {
        name: `${form}/layer.${kind}`,
        dtype,
        shape: isTurned ? shape.toReversed() : shape,
        bytes: encode(values, dtype),
      };
    });
    if (scale === undefined) return stored;
    const factor = {
      name: `${form}/layer.scale_weight`,
      dtype: 'F32',
      shape: [1],
      bytes: encode(Float32Array.of(scale), 'F32'),
    } as const;
    return [...stored, factor];
  });
  await writeSafetensors(path, tensors);
}

/** Products of so many terms then stay near 1. */
function scaleOf(inner: readonly number[]): number {
  return 1 / Math.sqrt(inner.reduce((product, side) => product * side, 1));
}

/** The weights of one form, under the names that its graph uses. */
export async function readWeights(path: string, name: string, { transposed = false }: LayerForm): Promise<TensorTable> {
  const own = [...(await readSafetensors(path))].flatMap(([stored, tensor]) => {
    const [form, weight = ''] = stored.split('/');
    const isTurned = transposed && weight === 'layer.weight';
    return form === name ? [[weight, isTurned ? asTransposed(tensor) : tensor] as const] : [];
  });
  return withScales(new Map(own));
}

/** The nearest values of the type, or for bfloat16 those next to zero. */
function encode(values: Float32Array, dtype: FloatType): Uint8Array {
  if (dtype === 'F32') return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  if (dtype === 'F64') return new Uint8Array(Float64Array.from(values).buffer);
  if (dtype === 'F16') return new Uint8Array(Float16Array.from(values).buffer);
  if (dtype === 'BF16') {
    const bits = new Uint32Array(Float32Array.from(values).buffer);
    return new Uint8Array(Uint16Array.from(bits, (each) => each >>> 16).buffer);
  }
  const codes = valuesOf8Bits(dtype);
  return Uint8Array.from(values, (value) => {
    let best = 0;
    for (const [code, meant] of codes.entries()) {
      if (Math.abs(meant - value) < Math.abs(codes[best] - value)) best = code;
    }
    return best;
  });
}
