import { EngineError } from '../../errors.ts';
import type { JsonConfig } from '../../json-config.ts';

/** What the VAE's graphs and the scaling of its latents depend on; names follow vae/config.json. */
export interface VaeConfig {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly latentChannels: number;
  readonly blockOutChannels: readonly number[];
  readonly layersPerBlock: number;
  readonly normGroups: number;
  /** Native image side; also the side of a tile. */
  readonly sampleSize: number;
  readonly hasQuantConv: boolean;
  readonly hasPostQuantConv: boolean;
  readonly midAttention: boolean;
  readonly latents: LatentScaling;
}

/** decode input = latents · std / factor + mean, per channel. */
export interface LatentScaling {
  readonly factor: number;
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** Sizes are multiples of 8 image pixels, which is one latent pixel of four levels. */
const MAX_LEVELS = 4;

/** Image pixels per latent pixel: every level but the last halves the size. */
export function downscaleOf(config: VaeConfig): number {
  return 2 ** (config.blockOutChannels.length - 1);
}

/** @throws EngineError `model_unsupported`, `model_config_invalid` */
export function parseVaeConfig(config: JsonConfig): VaeConfig {
  config.require('_class_name', 'AutoencoderKL');
  config.require('act_fn', 'silu');
  config.require('shift_factor', null);
  for (const kind of config.strings('down_block_types')) requireKind(config, kind, 'DownEncoderBlock2D');
  for (const kind of config.strings('up_block_types')) requireKind(config, kind, 'UpDecoderBlock2D');
  const latentChannels = config.int('latent_channels', 4);
  const blockOutChannels = config.ints('block_out_channels');
  if (blockOutChannels.length > MAX_LEVELS) {
    const message = `${config.file}: block_out_channels has ${blockOutChannels.length} levels, more than ${MAX_LEVELS} are not supported`;
    throw new EngineError('model_unsupported', message, { details: { file: config.file } });
  }
  return {
    inChannels: config.int('in_channels', 3),
    outChannels: config.int('out_channels', 3),
    latentChannels,
    blockOutChannels,
    layersPerBlock: config.int('layers_per_block', 2),
    normGroups: config.int('norm_num_groups', 32),
    sampleSize: config.int('sample_size', 1024),
    hasQuantConv: config.boolean('use_quant_conv', true),
    hasPostQuantConv: config.boolean('use_post_quant_conv', true),
    midAttention: config.boolean('mid_block_add_attention', true),
    latents: latentScaling(config, latentChannels),
  };
}

/** A VAE without stored statistics (plain SDXL) has mean 0 and std 1. */
function latentScaling(config: JsonConfig, channels: number): LatentScaling {
  const mean = config.numbers('latents_mean') ?? new Array<number>(channels).fill(0);
  const std = config.numbers('latents_std') ?? new Array<number>(channels).fill(1);
  if (mean.length !== channels || std.length !== channels || std.some((value) => value <= 0)) {
    const message = `${config.file}: latents_mean and latents_std must each have ${channels} values, and std must be positive`;
    throw new EngineError('model_config_invalid', message, { details: { file: config.file } });
  }
  return { factor: config.number('scaling_factor'), mean, std };
}

function requireKind(config: JsonConfig, kind: string, wanted: string): void {
  if (kind === wanted) return;
  const message = `${config.file}: the block type ${kind} is not supported, only ${wanted}`;
  throw new EngineError('model_unsupported', message, { details: { file: config.file } });
}
