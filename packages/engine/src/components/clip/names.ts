import type { JsonConfig } from '../../json-config.ts';
import type { TensorInfo, TensorTable } from '../../weights/safetensors.ts';
import { asTransposed, rowsOf } from '../../weights/tensor-views.ts';
import { renameTensors, type StoredForm, stripPrefix } from '../stored-form.ts';

export const clipForm: StoredForm = {
  stem: 'model',
  mark: 'embeddings.token_embedding.weight',
  current: (tensors) => normalizeClipNames(stripPrefix(tensors, clipForm.mark)),
  config: textConfig,
};

/** Some writers save the configuration of a whole CLIP model, with the text encoder's nested in it, and some omit the class. */
function textConfig(config: JsonConfig, tensors: TensorTable): JsonConfig {
  const own = config.has('text_config') ? config.within('text_config') : config;
  if (own.has('architectures')) return own;
  const hasProjection = tensors.has('text_projection.weight');
  return own.with({ architectures: [hasProjection ? 'CLIPTextModelWithProjection' : 'CLIPTextModel'] });
}

/** Some writers omit the prefix that the first encoder's class once had; a projection may be a bare parameter, [in, out]. */
function normalizeClipNames(tensors: TensorTable): TensorTable {
  const named = renameTensors(tensors, (name) => {
    const isBare =
      name.startsWith('embeddings.') || name.startsWith('encoder.') || name.startsWith('final_layer_norm.');
    return isBare ? `text_model.${name}` : name;
  });
  const projection = named.get('text_projection');
  if (projection) named.set('text_projection.weight', asTransposed(projection));
  return named;
}

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

/** The second encoder has open_clip's names, q, k and v stacked in one tensor, and its projection usually transposed. */
export function openClipTensors(tensors: TensorTable): TensorTable {
  return new Map([...tensors].flatMap(([name, tensor]) => openClipTensor(name, tensor)));
}

function openClipTensor(name: string, tensor: TensorInfo): [string, TensorInfo][] {
  const top = TOP[name];
  if (top !== undefined) return [[top, tensor]];
  if (name === 'text_projection') return [['text_projection.weight', asTransposed(tensor)]];
  if (name === 'text_projection.weight') return [[name, tensor]]; // as a linear layer's weight: ComfyUI and others write both
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
