import { EngineError } from '../../errors.ts';
import type { JsonConfig } from '../../json-config.ts';

/** What the UNet's graph depends on; names follow unet/config.json. */
export interface UNetConfig {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly blockOutChannels: readonly number[];
  readonly layersPerBlock: number;
  /** One per level, coarsest last. */
  readonly levels: readonly UNetLevel[];
  /** Between the way down and the way up: two residual blocks around a transformer, one block alone, or nothing. */
  readonly middle: { readonly residuals: 0 | 1 | 2; readonly depth: number };
  readonly crossAttentionDim: number;
  /** The width of the guidance scale's embedding, which distilled networks take in place of guidance; undefined: it takes none. */
  readonly guidanceEmbedDim: number | undefined;
  readonly normGroups: number;
  readonly normEpsilon: number;
  readonly additionTimeEmbedDim: number;
  readonly additionInputDim: number;
  /** Native latent side. */
  readonly sampleSize: number;
}

/** Pruned relatives of SDXL differ in the depths of their transformers (Gupta et al. 2024, arXiv:2401.02677; Lee et al. 2023, arXiv:2312.04005). */
export interface UNetLevel {
  /** The config calls this attention_head_dim, but it is the number of heads. */
  readonly heads: number;
  /** How many layers the transformer after each residual block has, on the way down; 0: there is none. */
  readonly down: readonly number[];
  /** The same on the way up, which has one block more. */
  readonly up: readonly number[];
}

/** @throws EngineError `model_unsupported`, `model_config_invalid` */
export function parseUNetConfig(config: JsonConfig): UNetConfig {
  refuseOtherArchitectures(config);
  const blockOutChannels = config.ints('block_out_channels');
  const count = blockOutChannels.length;
  const layersPerBlock = config.int('layers_per_block', 2);
  const heads = config.ints(config.has('num_attention_heads') ? 'num_attention_heads' : 'attention_head_dim', count);
  const hasDown = blockKinds(config, 'down_block_types', count, ['DownBlock2D', 'CrossAttnDownBlock2D']);
  const hasUp = blockKinds(config, 'up_block_types', count, ['UpBlock2D', 'CrossAttnUpBlock2D']);
  const down = depthsOf(config, 'transformer_layers_per_block', count) ?? new Array<Depths>(count).fill(1);
  const up = depthsOf(config, 'reverse_transformer_layers_per_block', count) ?? down.toReversed();
  const depthsAt = (depths: Depths | undefined, layers: number, has: boolean | undefined, key: string) =>
    has ? eachLayer(config, key, depths ?? 1, layers) : new Array<number>(layers).fill(0);
  return {
    inChannels: config.int('in_channels', 4),
    outChannels: config.int('out_channels', 4),
    blockOutChannels,
    layersPerBlock,
    levels: blockOutChannels.map((_, level) => ({
      heads: heads[level] ?? 1,
      down: depthsAt(down[level], layersPerBlock, hasDown[level], 'transformer_layers_per_block'),
      up: depthsAt(
        up[count - 1 - level],
        layersPerBlock + 1,
        hasUp[count - 1 - level],
        'reverse_transformer_layers_per_block',
      ),
    })),
    middle: middleOf(config, down[count - 1] ?? 1),
    crossAttentionDim: config.int('cross_attention_dim'),
    guidanceEmbedDim: config.has('time_cond_proj_dim') ? config.int('time_cond_proj_dim') : undefined,
    normGroups: config.int('norm_num_groups', 32),
    normEpsilon: config.number('norm_eps', 1e-5),
    additionTimeEmbedDim: config.int('addition_time_embed_dim'),
    additionInputDim: config.int('projection_class_embeddings_input_dim'),
    sampleSize: config.int('sample_size', 128),
  };
}

/** Of one block: the same for all its layers, or one each. */
type Depths = number | readonly number[];

function depthsOf(config: JsonConfig, key: string, count: number): Depths[] | undefined {
  if (!config.has(key)) return undefined;
  const given = config.list(key, count);
  return given.map((depths) => {
    const isDepth = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;
    if (isDepth(depths)) return depths;
    if (Array.isArray(depths) && depths.every(isDepth)) return depths;
    throw badDepths(config, key, depths, 'a whole number or a list of them for each block');
  });
}

function eachLayer(config: JsonConfig, key: string, depths: Depths, layers: number): readonly number[] {
  if (typeof depths === 'number') return new Array<number>(layers).fill(depths);
  if (depths.length === layers) return depths;
  throw badDepths(config, key, depths, `${layers} numbers for a block of ${layers} layers`);
}

function badDepths({ file }: JsonConfig, key: string, given: unknown, wanted: string): EngineError {
  const message = `${file}: ${key} must have ${wanted} (got ${JSON.stringify(given)})`;
  return new EngineError('model_config_invalid', message, { details: { file } });
}

function middleOf(config: JsonConfig, depths: Depths): UNetConfig['middle'] {
  const type = config.isNull('mid_block_type') ? null : config.string('mid_block_type', 'UNetMidBlock2DCrossAttn');
  if (type === null) return { residuals: 0, depth: 0 };
  config.require('mid_block_type', 'UNetMidBlock2DCrossAttn', 'UNetMidBlock2D');
  if (type === 'UNetMidBlock2D') return { residuals: 1, depth: 0 };
  return { residuals: 2, depth: typeof depths === 'number' ? depths : (depths[0] ?? 1) };
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
  'time_embedding_act_fn',
  'time_embedding_dim',
  'timestep_post_act',
  'cross_attention_norm',
  'mid_block_only_cross_attention',
];
