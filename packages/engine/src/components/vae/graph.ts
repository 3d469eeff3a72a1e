import type { Value } from '../../onnx/graph-builder.ts';
import { type BoundGraph, type Layers, type LayersOf, residualBlock } from '../layers.ts';
import type { VaeConfig } from './config.ts';

const EPSILON = 1e-6;

export interface VaeShape {
  readonly batch: number;
  /** Of the graph's input: latent pixels for the decoder, image pixels for the encoder. */
  readonly height: number;
  readonly width: number;
}

/**
 * The decoder of the VAE (Esser et al. 2021, Rombach et al. 2022).
 * Input `latents` [B, 4, h, w], denormalised; output `image` [B, 3, 8h, 8w], about −1…1.
 */
export function buildVaeDecoder(config: VaeConfig, shape: VaeShape, layersOf: LayersOf): BoundGraph {
  const nn = layersOf('vae_decoder');
  const { graph } = nn;
  const levels = config.blockOutChannels.toReversed(); // coarsest first
  let x = graph.input('latents', [shape.batch, config.latentChannels, shape.height, shape.width]);
  if (config.hasPostQuantConv) x = nn.conv(x, 'post_quant_conv', config.latentChannels, { kernel: 1 });
  x = nn.conv(x, 'decoder.conv_in', levels[0] ?? 0);
  x = midBlock(nn, x, 'decoder.mid_block', config);
  levels.forEach((out, level) => {
    const name = `decoder.up_blocks.${level}`;
    for (let layer = 0; layer <= config.layersPerBlock; layer++) {
      x = residual(nn, x, `${name}.resnets.${layer}`, out, config);
    }
    if (level < levels.length - 1) {
      const [, , height = 0, width = 0] = x.shape;
      x = nn.upsampledConv(x, [2 * height, 2 * width], `${name}.upsamplers.0.conv`, out);
    }
  });
  x = nn.silu(nn.groupNorm(x, 'decoder.conv_norm_out', config.normGroups, EPSILON));
  graph.output('image', nn.conv(x, 'decoder.conv_out', config.outChannels));
  return graph;
}

/**
 * The encoder of the VAE. Input `image` [B, 3, H, W], −1…1; output `moments` [B, 8, H/8, W/8]: mean and log-variance.
 * Downsampling pads right and bottom only.
 */
export function buildVaeEncoder(config: VaeConfig, shape: VaeShape, layersOf: LayersOf): BoundGraph {
  const nn = layersOf('vae_encoder');
  const { graph } = nn;
  const levels = config.blockOutChannels;
  const moments = 2 * config.latentChannels;
  const image = graph.input('image', [shape.batch, config.inChannels, shape.height, shape.width]);
  let x = nn.conv(image, 'encoder.conv_in', levels[0] ?? 0);
  levels.forEach((out, level) => {
    const name = `encoder.down_blocks.${level}`;
    for (let layer = 0; layer < config.layersPerBlock; layer++) {
      x = residual(nn, x, `${name}.resnets.${layer}`, out, config);
    }
    if (level < levels.length - 1) {
      x = nn.conv(x, `${name}.downsamplers.0.conv`, out, { stride: 2, pads: [0, 0, 1, 1] });
    }
  });
  x = midBlock(nn, x, 'encoder.mid_block', config);
  x = nn.silu(nn.groupNorm(x, 'encoder.conv_norm_out', config.normGroups, EPSILON));
  x = nn.conv(x, 'encoder.conv_out', moments);
  graph.output('moments', config.hasQuantConv ? nn.conv(x, 'quant_conv', moments, { kernel: 1 }) : x);
  return graph;
}

function residual(nn: Layers, x: Value, name: string, out: number, config: VaeConfig): Value {
  return residualBlock(nn, x, name, out, { groups: config.normGroups, epsilon: EPSILON });
}

/** Residual, attention over all pixels, residual. */
export function midBlock(nn: Layers, features: Value, name: string, config: VaeConfig): Value {
  const channels = features.shape[1] ?? 0;
  let x = residual(nn, features, `${name}.resnets.0`, channels, config);
  if (config.midAttention) x = pixelAttention(nn, x, `${name}.attentions.0`, config);
  return residual(nn, x, `${name}.resnets.1`, channels, config);
}

/** One head as wide as all channels, over all pixels: at 1024² that is 16384 tokens, so no score matrix may be formed. */
function pixelAttention(nn: Layers, x: Value, name: string, config: VaeConfig): Value {
  const [batch = 1, channels = 1] = x.shape;
  const tokens = nn.toTokens(nn.groupNorm(x, `${name}.group_norm`, config.normGroups, EPSILON)); // [B·H·W, C]
  const project = (target: string) => nn.linear(tokens, `${name}.${target}`, channels);
  const mixed = nn.attention(project('to_q'), project('to_k'), project('to_v'), { batch, heads: 1 });
  return nn.add(nn.toPixels(nn.linear(mixed, `${name}.to_out.0`, channels), x.shape), x);
}
