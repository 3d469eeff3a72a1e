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
  latents: LatentStatistics,
): Record<SdxlPart, JsonConfig> | undefined {
  const vae = vaeValues(tensors.vae, latents);
  const clip1 = clipValues(tensors.text_encoder, 'quick_gelu');
  const clip2 = clipValues(tensors.text_encoder_2, 'gelu');
  const unet = unetValues(tensors.unet, clip2.projection_dim);
  const headed = [...unet.block_out_channels, clip1.hidden_size, clip2.hidden_size];
  if (!headed.every((width) => width > 0 && width % HEAD_WIDTH === 0)) return undefined;
  if (!vae.block_out_channels.every((width) => width > 0 && width % NORM_GROUPS === 0)) return undefined;
  return {
    unet: new JsonConfig(unet, file),
    vae: new JsonConfig(vae, file),
    text_encoder: new JsonConfig(clip1, file),
    text_encoder_2: new JsonConfig(clip2, file),
  };
}

function unetValues(tensors: TensorTable, pooledWidth: number) {
  const levels = countWhile((level) => tensors.has(`down_blocks.${level}.resnets.0.norm1.weight`));
  const each = <T>(value: (level: number) => T) => Array.from({ length: levels }, (_, level) => value(level));
  const channels = each((level) => side(tensors, `down_blocks.${level}.resnets.0.conv2.weight`, 0));
  const additionInput = side(tensors, 'add_embedding.linear_1.weight', 1);
  const hasTransformer = (block: string) => tensors.has(`${block}.attentions.0.norm.weight`);
  const depth = (block: string) =>
    countWhile((layer) => tensors.has(`${block}.attentions.0.transformer_blocks.${layer}.norm1.weight`));
  return {
    block_out_channels: channels,
    attention_head_dim: channels.map((width) => width / HEAD_WIDTH),
    layers_per_block: countWhile((layer) => tensors.has(`down_blocks.0.resnets.${layer}.norm1.weight`)),
    transformer_layers_per_block: each((level) => depth(`down_blocks.${level}`) || 1),
    down_block_types: each((level) =>
      hasTransformer(`down_blocks.${level}`) ? 'CrossAttnDownBlock2D' : 'DownBlock2D',
    ),
    up_block_types: each((block) => (hasTransformer(`up_blocks.${block}`) ? 'CrossAttnUpBlock2D' : 'UpBlock2D')),
    cross_attention_dim: side(tensors, 'mid_block.attentions.0.transformer_blocks.0.attn2.to_k.weight', 1),
    projection_class_embeddings_input_dim: additionInput,
    addition_time_embed_dim: Math.max(1, (additionInput - pooledWidth) / SIZE_IDS),
    in_channels: side(tensors, 'conv_in.weight', 1),
    out_channels: side(tensors, 'conv_out.weight', 0),
  };
}

function vaeValues(tensors: TensorTable, latents: LatentStatistics) {
  const levels = countWhile((level) => tensors.has(`encoder.down_blocks.${level}.resnets.0.norm1.weight`));
  const each = <T>(value: (level: number) => T) => Array.from({ length: levels }, (_, level) => value(level));
  return {
    block_out_channels: each((level) => side(tensors, `encoder.down_blocks.${level}.resnets.0.conv2.weight`, 0)),
    layers_per_block: countWhile((layer) => tensors.has(`encoder.down_blocks.0.resnets.${layer}.norm1.weight`)),
    down_block_types: each(() => 'DownEncoderBlock2D'),
    up_block_types: each(() => 'UpDecoderBlock2D'),
    ...scalingOf(latents),
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
