import { EngineError } from '../../errors.ts';
import type { JsonConfig } from '../../json-config.ts';

/** What the UNet's graph depends on; names follow unet/config.json. */
export interface UNetConfig {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly blockOutChannels: readonly number[];
  readonly layersPerBlock: number;
  /** One per level, coarsest last: whether it has transformers, how many heads, how many layers each. */
  readonly levels: readonly UNetLevel[];
  /** Transformers in the up path may be on other levels than in the down path; level order, coarsest last. */
  readonly upAttention: readonly boolean[];
  readonly crossAttentionDim: number;
  readonly normGroups: number;
  readonly normEpsilon: number;
  readonly additionTimeEmbedDim: number;
  readonly additionInputDim: number;
  /** Native latent side. */
  readonly sampleSize: number;
}

export interface UNetLevel {
  readonly attention: boolean;
  /** The config calls this attention_head_dim, but it is the number of heads. */
  readonly heads: number;
  readonly depth: number;
}

/** @throws EngineError `model_unsupported`, `model_config_invalid` */
export function parseUNetConfig(config: JsonConfig): UNetConfig {
  refuseOtherArchitectures(config);
  const blockOutChannels = config.ints('block_out_channels');
  const count = blockOutChannels.length;
  const heads = config.ints(config.has('num_attention_heads') ? 'num_attention_heads' : 'attention_head_dim', count);
  const depths = config.has('transformer_layers_per_block')
    ? config.ints('transformer_layers_per_block', count)
    : new Array<number>(count).fill(1);
  const down = blockKinds(config, 'down_block_types', count, ['DownBlock2D', 'CrossAttnDownBlock2D']);
  const up = blockKinds(config, 'up_block_types', count, ['UpBlock2D', 'CrossAttnUpBlock2D']);
  return {
    inChannels: config.int('in_channels', 4),
    outChannels: config.int('out_channels', 4),
    blockOutChannels,
    layersPerBlock: config.int('layers_per_block', 2),
    levels: down.map((attention, level) => ({ attention, heads: heads[level] ?? 1, depth: depths[level] ?? 1 })),
    upAttention: up.toReversed(),
    crossAttentionDim: config.int('cross_attention_dim'),
    normGroups: config.int('norm_num_groups', 32),
    normEpsilon: config.number('norm_eps', 1e-5),
    additionTimeEmbedDim: config.int('addition_time_embed_dim'),
    additionInputDim: config.int('projection_class_embeddings_input_dim'),
    sampleSize: config.int('sample_size', 128),
  };
}

function blockKinds(config: JsonConfig, key: string, count: number, [plain, attention]: [string, string]): boolean[] {
  const kinds = config.strings(key);
  const unknown = kinds.find((kind) => kind !== plain && kind !== attention);
  if (unknown !== undefined || kinds.length !== count) {
    const problem = unknown === undefined ? `lists ${kinds.length} blocks for ${count} levels` : `lists ${unknown}`;
    const message = `${config.file}: ${key} ${problem}, this engine implements ${plain} and ${attention}, one per level`;
    throw new EngineError('model_unsupported', message, { details: { file: config.file } });
  }
  return kinds.map((kind) => kind === attention);
}

function refuseOtherArchitectures(config: JsonConfig): void {
  config.require('_class_name', 'UNet2DConditionModel');
  config.require('act_fn', 'silu');
  config.require('addition_embed_type', 'text_time');
  config.require('mid_block_type', 'UNetMidBlock2DCrossAttn');
  config.require('use_linear_projection', true);
  config.require('flip_sin_to_cos', true);
  config.require('freq_shift', 0);
  config.require('downsample_padding', 1);
  config.require('mid_block_scale_factor', 1);
  config.require('resnet_time_scale_shift', 'default');
  config.require('resnet_out_scale_factor', 1);
  config.require('resnet_skip_time_act', false);
  config.require('time_embedding_type', 'positional');
  config.require('attention_type', 'default');
  config.require('conv_in_kernel', 3);
  config.require('conv_out_kernel', 3);
  for (const key of ['center_input_sample', 'dual_cross_attention', 'only_cross_attention']) config.require(key, false);
  for (const key of OPTIONAL_PARTS) config.require(key, null);
}

/** Parts that this family does not have. */
const OPTIONAL_PARTS = [
  'class_embed_type',
  'num_class_embeds',
  'encoder_hid_dim',
  'encoder_hid_dim_type',
  'time_cond_proj_dim',
  'time_embedding_act_fn',
  'time_embedding_dim',
  'timestep_post_act',
  'cross_attention_norm',
  'reverse_transformer_layers_per_block',
  'mid_block_only_cross_attention',
];
