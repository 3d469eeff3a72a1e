import type { TensorInfo, TensorTable } from './safetensors.ts';
import { asTransposed, rowsOf } from './tensor-views.ts';

const LAYER: readonly (readonly [string, string])[] = [
  ['ln_1.', 'layer_norm1.'],
  ['ln_2.', 'layer_norm2.'],
  ['mlp.c_fc.', 'mlp.fc1.'],
  ['mlp.c_proj.', 'mlp.fc2.'],
  ['attn.out_proj.', 'self_attn.out_proj.'],
];

const TOP: Readonly<Record<string, string>> = {
  'token_embedding.weight': 'text_model.embeddings.token_embedding.weight',
  positional_embedding: 'text_model.embeddings.position_embedding.weight',
  'ln_final.weight': 'text_model.final_layer_norm.weight',
  'ln_final.bias': 'text_model.final_layer_norm.bias',
};

/** The second encoder has open_clip's names, q, k and v stacked in one tensor, and its projection as a rule transposed. */
export function openClipTensors(tensors: TensorTable): TensorTable {
  return new Map([...tensors].flatMap(([name, tensor]) => openClipTensor(name, tensor)));
}

function openClipTensor(name: string, tensor: TensorInfo): [string, TensorInfo][] {
  const top = TOP[name];
  if (top !== undefined) return [[top, tensor]];
  if (name === 'text_projection') return [['text_projection.weight', asTransposed(tensor)]];
  if (name === 'text_projection.weight') return [[name, tensor]]; // as a linear layer has it: ComfyUI and others write both
  const match = /^transformer\.resblocks\.(\d+)\.(.+)$/.exec(name);
  if (!match) return [];
  const layer = `text_model.encoder.layers.${match[1]}`;
  const rest = match[2] ?? '';
  if (rest === 'attn.in_proj_weight') return splitProjections(`${layer}.self_attn`, 'weight', tensor);
  if (rest === 'attn.in_proj_bias') return splitProjections(`${layer}.self_attn`, 'bias', tensor);
  const [old, current] = LAYER.find(([prefix]) => rest.startsWith(prefix)) ?? ['', ''];
  return [[`${layer}.${current}${rest.slice(old.length)}`, tensor]];
}

function splitProjections(name: string, kind: 'weight' | 'bias', tensor: TensorInfo): [string, TensorInfo][] {
  const width = (tensor.shape[0] ?? 0) / 3;
  return ['q_proj', 'k_proj', 'v_proj'].map((projection, index) => [
    `${name}.${projection}.${kind}`,
    rowsOf(tensor, index * width, (index + 1) * width),
  ]);
}
