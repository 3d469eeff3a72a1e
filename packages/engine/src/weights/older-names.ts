import type { ComponentName } from './checkpoint.ts';
import type { TensorInfo, TensorTable } from './safetensors.ts';
import { asMatrix, asTransposed } from './tensor-views.ts';

/** A tensor that every network of the kind has, under the names of diffusers; with CLIP's, `text_model.` may stand before it. */
export const MARKS: Readonly<Record<ComponentName, string>> = {
  text_encoder: 'embeddings.token_embedding.weight',
  text_encoder_2: 'embeddings.token_embedding.weight',
  unet: 'conv_in.weight',
  vae: 'decoder.conv_in.weight',
};

/** Tools that save a network inside of another class leave its prefix on every name: `model.`, `module.`, `_orig_mod.`, `unet.` … */
export function unwrapped(tensors: TensorTable, mark: string): TensorTable {
  if (tensors.has(mark)) return tensors;
  const marked = [...tensors.keys()].find((name) => name.endsWith(`.${mark}`));
  const prefix = marked?.slice(0, -mark.length).replace(/text_model\.$/, '') ?? '';
  if (prefix === '') return tensors;
  return renamed(tensors, (name) => (name.startsWith(prefix) ? name.slice(prefix.length) : name));
}

/** Some writers leave out the prefix that the first encoder's class once had; a projection may be a bare parameter, [in, out]. */
export function normalizeClipNames(tensors: TensorTable): TensorTable {
  const named = renamed(tensors, (name) => {
    const isBare =
      name.startsWith('embeddings.') || name.startsWith('encoder.') || name.startsWith('final_layer_norm.');
    return isBare ? `text_model.${name}` : name;
  });
  const projection = named.get('text_projection');
  if (projection) named.set('text_projection.weight', asTransposed(projection));
  return named;
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
