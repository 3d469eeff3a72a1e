import { GraphBuilder, type Value } from '../../onnx/graph-builder.ts';
import { type BoundGraph, type Layers, type LayersOf, residualBlock } from '../layers.ts';
import type { UNetConfig } from './config.ts';
import { spatialTransformer } from './spatial-transformer.ts';

/** Latent pixels, not image pixels. */
export interface UNetShape {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  /** Text positions. */
  readonly tokens: number;
}

export type BlockListener = (name: string, value: Value) => void;

/**
 * The SDXL UNet (Podell et al. 2023) as an ONNX graph.
 *
 * Inputs: `sample` [B, 4, H, W] already scaled by c_in; `time` [B, C₀] sinusoid of c_noise;
 * `context` [B, 77, X] text states; `addition` [B, A] pooled text and size sinusoids. Output: `prediction` [B, 4, H, W].
 *
 * @param onBlock is told every block's result, e.g. to make it an output too
 * @throws EngineError `tensor_missing`, `tensor_shape`, `tensor_dtype`
 */
export function buildUNet(
  config: UNetConfig,
  shape: UNetShape,
  layersOf: LayersOf,
  onBlock: BlockListener = () => undefined,
): BoundGraph {
  const graph = new GraphBuilder('unet');
  const nn = layersOf(graph);
  const { batch, tokens } = shape;
  const sample = graph.input('sample', [batch, config.inChannels, shape.height, shape.width]);
  const context3d = graph.input('context', [batch, tokens, config.crossAttentionDim]);
  const context = nn.reshape(context3d, [batch * tokens, config.crossAttentionDim]);
  const timeEmbedding = embedConditioning(nn, config, batch);
  const unet = new UNetBlocks(nn, config, { timeEmbedding, context, onBlock });
  const features = unet.up(unet.mid(unet.down(sample)));
  const normalized = nn.groupNorm(features, 'conv_norm_out', config.normGroups, config.normEpsilon);
  onBlock('conv_norm_out', normalized);
  graph.output('prediction', nn.conv(nn.silu(normalized), 'conv_out', config.outChannels));
  return graph;
}

/** silu(time MLP + addition MLP) [B, T], T = 4·C₀; every residual block starts with this silu, so it is taken once. */
function embedConditioning(nn: Layers, config: UNetConfig, batch: number): Value {
  const base = config.blockOutChannels[0] ?? 0;
  const width = 4 * base;
  const mlp = (x: Value, name: string) =>
    nn.linear(nn.silu(nn.linear(x, `${name}.linear_1`, width)), `${name}.linear_2`, width);
  const time = mlp(nn.graph.input('time', [batch, base]), 'time_embedding');
  const addition = mlp(nn.graph.input('addition', [batch, config.additionInputDim]), 'add_embedding');
  return nn.silu(nn.add(time, addition));
}

interface Surroundings {
  readonly timeEmbedding: Value;
  readonly context: Value;
  readonly onBlock: BlockListener;
}

class UNetBlocks {
  readonly #nn: Layers;
  readonly #config: UNetConfig;
  readonly #around: Surroundings;
  readonly #skips: Value[] = [];

  constructor(nn: Layers, config: UNetConfig, around: Surroundings) {
    this.#nn = nn;
    this.#config = config;
    this.#around = around;
  }

  /** Every level halves the size after its layers, except the last; each result is kept for the way up. */
  down(sample: Value): Value {
    const { blockOutChannels: channels, layersPerBlock, levels } = this.#config;
    let x = this.#keep(this.#nn.conv(sample, 'conv_in', channels[0] ?? 0));
    this.#around.onBlock('conv_in', x);
    levels.forEach(({ attention }, level) => {
      const name = `down_blocks.${level}`;
      const out = channels[level] ?? 0;
      for (let layer = 0; layer < layersPerBlock; layer++) {
        x = this.#residual(x, `${name}.resnets.${layer}`, out);
        if (attention) x = this.#transformer(x, `${name}.attentions.${layer}`, level);
        this.#keep(x);
      }
      if (level < levels.length - 1) {
        x = this.#keep(this.#nn.conv(x, `${name}.downsamplers.0.conv`, out, { stride: 2, pads: [1, 1, 1, 1] }));
      }
      this.#around.onBlock(name, x);
    });
    return x;
  }

  mid(features: Value): Value {
    const channels = features.shape[1] ?? 0;
    const first = this.#residual(features, 'mid_block.resnets.0', channels);
    const attended = this.#transformer(first, 'mid_block.attentions.0', this.#config.levels.length - 1);
    const last = this.#residual(attended, 'mid_block.resnets.1', channels);
    this.#around.onBlock('mid_block', last);
    return last;
  }

  /** Block b works at level (last − b), and upsamples to the size of the next skip, which for odd sizes is not the double. */
  up(features: Value): Value {
    const { blockOutChannels: channels, layersPerBlock, upAttention } = this.#config;
    let x = features;
    for (let level = channels.length - 1; level >= 0; level--) {
      const name = `up_blocks.${channels.length - 1 - level}`;
      for (let layer = 0; layer <= layersPerBlock; layer++) {
        x = this.#residual(
          this.#nn.concatChannels(x, this.#takeSkip()),
          `${name}.resnets.${layer}`,
          channels[level] ?? 0,
        );
        if (upAttention[level]) x = this.#transformer(x, `${name}.attentions.${layer}`, level);
      }
      const [, , height, width] = this.#skips.at(-1)?.shape ?? [];
      if (level > 0 && height && width) {
        x = this.#nn.conv(this.#nn.upsample(x, height, width), `${name}.upsamplers.0.conv`, channels[level] ?? 0);
      }
      this.#around.onBlock(name, x);
    }
    return x;
  }

  #keep(x: Value): Value {
    this.#skips.push(x);
    return x;
  }

  #takeSkip(): Value {
    const skip = this.#skips.pop();
    if (!skip) throw new RangeError('the way up of the UNet asks for more skips than the way down made');
    return skip;
  }

  #residual(x: Value, name: string, out: number): Value {
    const { normGroups: groups, normEpsilon: epsilon } = this.#config;
    return residualBlock(this.#nn, x, name, out, { groups, epsilon, timeEmbedding: this.#around.timeEmbedding });
  }

  #transformer(x: Value, name: string, level: number): Value {
    const { heads = 1, depth = 1 } = this.#config.levels[level] ?? {};
    return spatialTransformer(this.#nn, x, name, {
      heads,
      depth,
      groups: this.#config.normGroups,
      context: this.#around.context,
    });
  }
}
