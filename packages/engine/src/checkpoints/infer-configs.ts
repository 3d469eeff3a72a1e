import { SDXL_LATENT_SCALE } from '../families/sdxl.ts';
import type { SdxlPart } from '../families/sdxl-architecture.ts';
import { JsonConfig } from '../json-config.ts';
import type { TensorTable } from '../weights/safetensors.ts';
import type { ComponentTensors, LatentStatistics } from './checkpoint.ts';

/** Properties of SDXL that cannot be inferred from tensors. */
const HEAD_WIDTH = 64;
const NORM_GROUPS = 32;
const SIZE_IDS = 6;

/** The configurations that follow from SDXL's conventions and the tensors' shapes; undefined when the widths are not SDXL's. */
export function inferConfigs(
  file: string,
  tensors: ComponentTensors,
  latents: LatentStatistics | undefined,
): Record<SdxlPart, JsonConfig> | undefined {
  const vae = vaeValues(tensors.vae, latents);
  const clip1 = clipValues(tensors.text_encoder, 'quick_gelu');
  const clip2 = clipValues(tensors.text_encoder_2, 'gelu');
  const unet = unetValues(tensors.unet, clip2.projection_dim);
  if (!hasHeads([...unet.block_out_channels, clip1.hidden_size, clip2.hidden_size])) return undefined;
  if (!vae.block_out_channels.every((width) => width > 0 && width % NORM_GROUPS === 0)) return undefined;
  return {
    unet: new JsonConfig(unet, file),
    vae: new JsonConfig(vae, file),
    text_encoder: new JsonConfig(clip1, file),
    text_encoder_2: new JsonConfig(clip2, file),
  };
}

/** The configuration of a UNet alone, as far as its tensors tell; undefined when the widths are not SDXL's. */
export function inferUNetConfig(file: string, tensors: TensorTable): JsonConfig | undefined {
  const unet = unetValues(tensors, 0);
  return hasHeads(unet.block_out_channels) ? new JsonConfig(unet, file) : undefined;
}

function hasHeads(widths: readonly number[]): boolean {
  return widths.every((width) => width > 0 && width % HEAD_WIDTH === 0);
}

function unetValues(tensors: TensorTable, pooledWidth: number) {
  const levels = countWhile((level) => tensors.has(`down_blocks.${level}.resnets.0.norm1.weight`));
  const each = <T>(value: (level: number) => T) => Array.from({ length: levels }, (_, level) => value(level));
  const channels = each((level) => side(tensors, `down_blocks.${level}.resnets.0.conv2.weight`, 0));
  const additionInput = side(tensors, 'add_embedding.linear_1.weight', 1);
  const layers = countWhile((layer) => tensors.has(`down_blocks.0.resnets.${layer}.norm1.weight`));
  const depthOf = transformerDepths(tensors);
  const depths = (block: string, count: number) =>
    Array.from({ length: count }, (_, index) => depthOf.get(`${block}.attentions.${index}`) ?? 0);
  const down = each((level) => depths(`down_blocks.${level}`, layers));
  const up = each((block) => depths(`up_blocks.${block}`, layers + 1));
  const hasTransformer = (of: readonly number[]) => of.some((depth) => depth > 0);
  return {
    block_out_channels: channels,
    attention_head_dim: channels.map((width) => width / HEAD_WIDTH),
    layers_per_block: layers,
    transformer_layers_per_block: down,
    reverse_transformer_layers_per_block: up,
    mid_block_type: middleType(tensors, depthOf.has('mid_block.attentions.0')),
    down_block_types: down.map((of) => (hasTransformer(of) ? 'CrossAttnDownBlock2D' : 'DownBlock2D')),
    up_block_types: up.map((of) => (hasTransformer(of) ? 'CrossAttnUpBlock2D' : 'UpBlock2D')),
    cross_attention_dim: textWidth(tensors),
    ...(tensors.has('time_embedding.cond_proj.weight') && {
      time_cond_proj_dim: side(tensors, 'time_embedding.cond_proj.weight', 1),
    }),
    projection_class_embeddings_input_dim: additionInput,
    addition_time_embed_dim: Math.max(1, (additionInput - pooledWidth) / SIZE_IDS),
    in_channels: side(tensors, 'conv_in.weight', 1),
    out_channels: side(tensors, 'conv_out.weight', 0),
  };
}

/** By the names of the transformers: one more than the number of the last layer, so that a layer that is missing is reported as such. */
function transformerDepths(tensors: TensorTable): ReadonlyMap<string, number> {
  const depths = new Map<string, number>();
  for (const name of tensors.keys()) {
    const [, transformer = '', layer = ''] = /^(.+\.attentions\.\d+)\.transformer_blocks\.(\d+)\./.exec(name) ?? [];
    if (layer !== '') depths.set(transformer, Math.max(depths.get(transformer) ?? 0, Number(layer) + 1));
  }
  return depths;
}

function middleType(tensors: TensorTable, hasTransformer: boolean): string | null {
  if (hasTransformer) return 'UNetMidBlock2DCrossAttn';
  return tensors.has('mid_block.resnets.0.norm1.weight') ? 'UNetMidBlock2D' : null;
}

/** The columns of any projection of the text. */
function textWidth(tensors: TensorTable): number {
  for (const [name, { shape }] of tensors) if (name.endsWith('.attn2.to_k.weight')) return shape[1] ?? 0;
  return 0;
}

function vaeValues(tensors: TensorTable, latents: LatentStatistics | undefined) {
  const levels = countWhile((level) => tensors.has(`encoder.down_blocks.${level}.resnets.0.norm1.weight`));
  const each = <T>(value: (level: number) => T) => Array.from({ length: levels }, (_, level) => value(level));
  return {
    block_out_channels: each((level) => side(tensors, `encoder.down_blocks.${level}.resnets.0.conv2.weight`, 0)),
    layers_per_block: countWhile((layer) => tensors.has(`encoder.down_blocks.0.resnets.${layer}.norm1.weight`)),
    down_block_types: each(() => 'DownEncoderBlock2D'),
    up_block_types: each(() => 'UpDecoderBlock2D'),
    ...(latents ? scalingOf(latents) : { scaling_factor: SDXL_LATENT_SCALE }),
  };
}

/** What the VAE's configuration says about its latents. */
export function scalingOf({ mean, std, scalingFactor }: LatentStatistics) {
  return { latents_mean: mean, latents_std: std, scaling_factor: scalingFactor };
}

function clipValues(tensors: TensorTable, activation: 'quick_gelu' | 'gelu') {
  const width = side(tensors, 'text_model.embeddings.token_embedding.weight', 1);
  const projection = tensors.get('text_projection.weight');
  return {
    architectures: [projection ? 'CLIPTextModelWithProjection' : 'CLIPTextModel'],
    hidden_act: activation,
    hidden_size: width,
    intermediate_size: side(tensors, 'text_model.encoder.layers.0.mlp.fc1.weight', 0),
    num_attention_heads: width / HEAD_WIDTH,
    num_hidden_layers: countWhile((layer) => tensors.has(`text_model.encoder.layers.${layer}.layer_norm1.weight`)),
    vocab_size: side(tensors, 'text_model.embeddings.token_embedding.weight', 0),
    max_position_embeddings: side(tensors, 'text_model.embeddings.position_embedding.weight', 0),
    projection_dim: projection?.shape[0] ?? width,
  };
}

function side(tensors: TensorTable, name: string, axis: number): number {
  return tensors.get(name)?.shape[axis] ?? 0;
}

function countWhile(holds: (index: number) => boolean): number {
  let count = 0;
  while (holds(count)) count++;
  return count;
}
