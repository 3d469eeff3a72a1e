import { EngineError } from '../errors.ts';
import { readFloats } from './element-values.ts';
import type { TensorInfo, TensorTable } from './safetensors.ts';
import { elementCount } from './tensor-views.ts';

/** How tools name the scale factor of `X.weight`: ComfyUI's scaled fp8, and compressed-tensors. */
const SCALE = /^(.*)\.(scale_weight|weight_scale)$/;

/**
 * Each 8-bit weight has a scale factor, in a separate tensor. It is attached to its weight; scales of
 * activations (`scale_input`) are not needed by an engine that computes in fp32.
 *
 * @throws EngineError `tensor_dtype` for factors that are not one number per weight
 */
export async function withScales(tensors: TensorTable): Promise<Map<string, TensorInfo>> {
  const scaled = new Map(tensors);
  for (const [name, factor] of tensors) {
    const weightName = scaledWeight(name);
    const weight = weightName === undefined ? undefined : tensors.get(weightName);
    if (weightName === undefined || weight === undefined) continue;
    scaled.set(weightName, { ...weight, scale: await readScale(name, factor) });
  }
  return scaled;
}

function scaledWeight(name: string): string | undefined {
  const stem = SCALE.exec(name)?.[1];
  return stem === undefined ? undefined : `${stem}.weight`;
}

async function readScale(name: string, factor: TensorInfo): Promise<number> {
  const [scale] = elementCount(factor.shape) === 1 ? ((await readFloats(factor)) ?? []) : [];
  if (scale !== undefined && Number.isFinite(scale)) return scale;
  const message = `${factor.file}: the tensor ${name} (${factor.dtype} [${factor.shape}]) must be one finite number, the factor of a whole weight`;
  throw new EngineError('tensor_dtype', message, {
    remedy: 'use fp16, bf16 or fp32 weights of this model',
    details: { file: factor.file, tensor: name },
  });
}
