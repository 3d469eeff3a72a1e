import type { TensorInfo, TensorTable } from './safetensors.ts';
import { asMatrix } from './tensor-views.ts';

/** Some writers leave out the prefix that the first encoder's class once had. */
export function normalizeClipNames(tensors: TensorTable): TensorTable {
  return renamed(tensors, (name) => {
    const isBare =
      name.startsWith('embeddings.') || name.startsWith('encoder.') || name.startsWith('final_layer_norm.');
    return isBare ? `text_model.${name}` : name;
  });
}

const OLD_ATTENTION_NAMES: readonly (readonly [string, string])[] = [
  ['.query.', '.to_q.'],
  ['.key.', '.to_k.'],
  ['.value.', '.to_v.'],
  ['.proj_attn.', '.to_out.0.'],
];

/** The projections of the middle attention once had other names, and were 1×1 convolutions. */
export function normalizeVaeNames(tensors: TensorTable): TensorTable {
  const names = renamed(tensors, (name) =>
    OLD_ATTENTION_NAMES.reduce((result, [old, current]) => result.replace(old, current), name),
  );
  return new Map([...names].map(([name, tensor]) => [name, isAttentionWeight(name) ? asMatrix(tensor) : tensor]));
}

function isAttentionWeight(name: string): boolean {
  return name.includes('.attentions.0.to_') && name.endsWith('.weight');
}

function renamed(tensors: TensorTable, rename: (name: string) => string): Map<string, TensorInfo> {
  return new Map([...tensors].map(([name, tensor]) => [rename(name), tensor]));
}
