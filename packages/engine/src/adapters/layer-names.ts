import type { TensorInfo, TensorTable } from '../weights/safetensors.ts';

/** The networks that adapters change, as the model's folders name them. */
export const adaptedParts = ['unet', 'text_encoder', 'text_encoder_2'] as const;

export type AdaptedPart = (typeof adaptedParts)[number];

/** A layer of the model: a linear layer or a convolution. */
export interface ModelLayer {
  readonly part: AdaptedPart;
  /** As its graph names it. */
  readonly name: string;
  /** Of its weight: [out, in] or [out, in, k, k]. */
  readonly shape: readonly number[];
}

/** Where files say which network a layer is of; the longest first where one is the beginning of another. */
const prefixes: readonly (readonly [prefix: string, part: AdaptedPart])[] = [
  ['lora_unet_', 'unet'],
  ['lora_te1_', 'text_encoder'],
  ['lora_te2_', 'text_encoder_2'],
  ['lora_te_', 'text_encoder'],
  ['lycoris_', 'unet'],
  ['unet.', 'unet'],
  ['text_encoder_2.', 'text_encoder_2'],
  ['text_encoder.', 'text_encoder'],
  ['text_encoders.clip_l.transformer.', 'text_encoder'],
  ['text_encoders.clip_g.transformer.', 'text_encoder_2'],
  ['model.diffusion_model.', 'unet'],
  ['diffusion_model.', 'unet'],
];

/** PEFT's own class around a network. */
const WRAPPER = 'base_model.model.';

/** Finds the layers of a model by the names that files of adapters have for them. */
export class LayerNames {
  readonly #layers = new Map<string, ModelLayer>();
  /** The same by the names of the original training code ("SGM"), which only the UNet has. */
  readonly #original = new Map<string, ModelLayer>();

  /** @param tensors of each network, under the names of its graph */
  constructor(tensors: Readonly<Record<AdaptedPart, TensorTable>>) {
    const perBlock = layersPerBlock(tensors.unet);
    for (const part of adaptedParts) {
      for (const [key, tensor] of tensors[part]) {
        const layer = layerOf(part, key, tensor);
        if (!layer) continue;
        for (const alias of aliases(layer)) this.#layers.set(keyOf(part, alias), layer);
        const original = part === 'unet' ? originalName(layer.name, perBlock, tensors.unet) : undefined;
        if (original !== undefined) this.#original.set(keyOf(part, original), layer);
      }
    }
  }

  /** @param given as in a file, with its prefix, in dots or in kohya's underscores */
  find(given: string): { readonly layer: ModelLayer; readonly isOriginalName: boolean } | undefined {
    const bare = given.startsWith(WRAPPER) ? given.slice(WRAPPER.length) : given;
    const [prefix = '', part = 'unet'] = prefixes.find(([start]) => bare.startsWith(start)) ?? [];
    const path = bare.slice(prefix.length);
    const key = keyOf(part, path.startsWith(WRAPPER) ? path.slice(WRAPPER.length) : path);
    const layer = this.#layers.get(key);
    if (layer) return { layer, isOriginalName: false };
    const original = this.#original.get(key);
    return original && { layer: original, isOriginalName: true };
  }
}

/** Kohya's files have underscores where names have dots, so both are compared without the difference. */
function keyOf(part: AdaptedPart, path: string): string {
  return `${part}/${path.replaceAll('.', '_')}`;
}

function layerOf(part: AdaptedPart, key: string, { shape }: TensorInfo): ModelLayer | undefined {
  const isMatrix = shape.length === 2 || shape.length === 4;
  if (!key.endsWith('.weight') || !isMatrix || key.includes('.embeddings.')) return undefined;
  return { part, name: key.slice(0, -'.weight'.length), shape };
}

/** Names of diffusers and transformers, now and in the past. */
function aliases({ part, name }: ModelLayer): string[] {
  if (part === 'unet') {
    const names = name.endsWith('.to_out.0') ? [name, name.slice(0, -'.0'.length)] : [name];
    return names.flatMap((own) => [own, own.replace(/(\.attn[12])\./, '$1.processor.')]);
  }
  const old = name.replace(/self_attn\.([qkv])_proj$/, 'self_attn.to_$1').replace(/out_proj$/, 'to_out');
  return [name, old].flatMap((own) => [own, own.replace(/^text_model\./, '')]);
}

const OF_RESIDUAL: Readonly<Record<string, string>> = {
  conv1: 'in_layers.2',
  time_emb_proj: 'emb_layers.1',
  conv2: 'out_layers.3',
  conv_shortcut: 'skip_connection',
};

const OF_NO_BLOCK: Readonly<Record<string, string>> = {
  conv_in: 'input_blocks.0.0',
  'time_embedding.linear_1': 'time_embed.0',
  'time_embedding.linear_2': 'time_embed.2',
  'add_embedding.linear_1': 'label_emb.0.0',
  'add_embedding.linear_2': 'label_emb.0.2',
  conv_out: 'out.2',
};

function layersPerBlock(unet: TensorTable): number {
  let count = 0;
  while (unet.has(`down_blocks.0.resnets.${count}.conv1.weight`)) count++;
  return count;
}

/**
 * A layer's name in the original training code: there the layers of all levels are counted in one row, each level's downsampler after them, and
 * an upsampler is the last part of its level's last block.
 */
function originalName(name: string, perBlock: number, unet: TensorTable): string | undefined {
  const top = OF_NO_BLOCK[name];
  if (top !== undefined) return top;
  const middle = /^mid_block\.(resnets|attentions)\.(\d+)\.(.+)$/.exec(name);
  if (middle) {
    const [, kind, index = '', rest = ''] = middle;
    return kind === 'resnets' ? `middle_block.${2 * Number(index)}.${residual(rest)}` : `middle_block.1.${rest}`;
  }
  const match = /^(down|up)_blocks\.(\d+)\.(resnets|attentions|downsamplers|upsamplers)\.(\d+)\.(.+)$/.exec(name);
  if (!match) return undefined;
  const [, way, block = '', kind, index = '', rest = ''] = match;
  const place = Number(block) * (perBlock + 1) + Number(index);
  const start = way === 'down' ? `input_blocks.${place + 1}` : `output_blocks.${place}`;
  if (kind === 'resnets') return `${start}.0.${residual(rest)}`;
  if (kind === 'attentions') return `${start}.1.${rest}`;
  if (kind === 'downsamplers') return `input_blocks.${(Number(block) + 1) * (perBlock + 1)}.0.op`;
  const hasAttention = unet.has(`up_blocks.${block}.attentions.0.proj_in.weight`);
  return `output_blocks.${Number(block) * (perBlock + 1) + perBlock}.${hasAttention ? 2 : 1}.conv`;
}

function residual(rest: string): string {
  return OF_RESIDUAL[rest] ?? rest;
}
