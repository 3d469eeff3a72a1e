import type { GraphBuilder, Value } from '../../onnx/graph-builder.ts';
import { type BoundGraph, type Layers, type LayersOf, residualBlock } from '../layers.ts';
import type { UNetConfig } from './config.ts';
import { type CrossAttention, spatialTransformer, type TextAttention } from './spatial-transformer.ts';

/** Latent pixels, not image pixels. */
export interface UNetShape {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  /** Text positions. */
  readonly tokens: number;
  /** Absent: the whole network. */
  readonly form?: UNetForm;
}

/** The parts of the network, for results that are cached between steps. */
export interface UNetForm {
  /**
   * The network split in two (Ma et al. 2023, "DeepCache: Accelerating Diffusion Models for Free"). `deep` has all but the last
   * `branch` + 1 layers of the up path and outputs the `features` that these take; `shallow` has those layers, and the part of the
   * down path that their skips come from.
   */
  readonly half?: 'deep' | 'shallow';
  readonly branch?: number;
  /** `told`: the cross-attention of every layer is an output, named after the layer; `given`: it is an input. */
  readonly crossAttention?: 'told' | 'given';
}

/**
 * Where the network can be split: at the skips of its down path, each consumed by one layer of the up path: one after conv_in, each layer, and
 * each downsampler. The finest branch assigns the whole finest level to the shallow half.
 */
export function unetBranches({ levels, layersPerBlock }: UNetConfig) {
  return { count: levels.length * (layersPerBlock + 1), finest: layersPerBlock };
}

/** Only the text positions: what the projections of a text are built for. */
export type TextShape = Pick<UNetShape, 'batch' | 'tokens'>;

export type BlockListener = (name: string, value: Value) => void;

/**
 * The SDXL UNet (Podell et al. 2023) as an ONNX graph.
 *
 * Inputs: `sample` [B, 4, H, W] already scaled by c_in; `time` [B, C₀] sinusoid of c_noise; `addition` [B, A] pooled text and
 * size sinusoids; `guidance` [B, G] sinusoid of the guidance scale, where the network takes one; the keys and values of the text, as `buildTextProjections` gives them; of the shallow half also `features`.
 * Output: `prediction` [B, 4, H, W], of the deep half `features`.
 *
 * @param onBlock receives every block's result, e.g. to make it an output too
 * @throws EngineError `tensor_missing`, `tensor_shape`, `tensor_dtype`
 */
export function buildUNet(
  config: UNetConfig,
  shape: UNetShape,
  layersOf: LayersOf,
  onBlock: BlockListener = () => undefined,
): BoundGraph {
  const nn = layersOf('unet');
  const { graph } = nn;
  const { batch, tokens, form = {} } = shape;
  const sample = graph.input('sample', [batch, config.inChannels, shape.height, shape.width]);
  const text = new Map<string, TextAttention>();
  for (const { name, channels } of form.crossAttention === 'given' ? [] : crossAttentions(config)) {
    const input = (kind: 'k' | 'v') => graph.input(`${name}.${kind}`, [batch * tokens, channels]);
    text.set(name, { keys: input('k'), values: input('v') });
  }
  const timeEmbedding = embedConditioning(nn, config, batch);
  const unet = new UNetBlocks(nn, config, {
    timeEmbedding,
    text,
    onBlock,
    crossAttention: crossAttentionOf(graph, form),
  });
  const { half, branch = 0 } = form;
  if (half === 'deep') {
    graph.output('features', unet.up(unet.mid(unet.down(sample)), branch + 1));
    return graph;
  }
  const features =
    half === 'shallow'
      ? unet.up(graph.input('features', featuresShape(config, branch, unet.down(sample, branch))))
      : unet.up(unet.mid(unet.down(sample)));
  const normalized = nn.groupNorm(features, 'conv_norm_out', config.normGroups, config.normEpsilon);
  onBlock('conv_norm_out', normalized);
  graph.output('prediction', nn.conv(nn.silu(normalized), 'conv_out', config.outChannels));
  return graph;
}

/**
 * What the cross-attention of all layers needs from a text: its keys and values do not depend on the latents or the noise level,
 * so they are computed once per text instead of in every step.
 *
 * Input: `context` [B, 77, X] text states. Outputs: `NAME.k` and `NAME.v` [B·77, C] of every layer.
 *
 * @throws EngineError `tensor_missing`, `tensor_shape`, `tensor_dtype`
 */
export function buildTextProjections(config: UNetConfig, { batch, tokens }: TextShape, layersOf: LayersOf): BoundGraph {
  const nn = layersOf('unet_text');
  const { graph } = nn;
  const context3d = graph.input('context', [batch, tokens, config.crossAttentionDim]);
  const context = nn.reshape(context3d, [batch * tokens, config.crossAttentionDim]);
  for (const { name, channels } of crossAttentions(config)) {
    for (const kind of ['k', 'v']) {
      graph.output(`${name}.${kind}`, nn.linear(context, `${name}.to_${kind}`, channels, { bias: false }));
    }
  }
  return graph;
}

/** The cross-attention layers in execution order, with their channels. */
function crossAttentions({ blockOutChannels, levels, middle }: UNetConfig) {
  const last = levels.length - 1;
  const found: { readonly name: string; readonly channels: number }[] = [];
  const addAll = (block: string, depths: readonly number[], level: number) => {
    for (const [index, depth] of depths.entries()) {
      for (let layer = 0; layer < depth; layer++) {
        const name = `${block}.attentions.${index}.transformer_blocks.${layer}.attn2`;
        found.push({ name, channels: blockOutChannels[level] ?? 0 });
      }
    }
  };
  levels.forEach(({ down }, level) => {
    addAll(`down_blocks.${level}`, down, level);
  });
  addAll('mid_block', [middle.depth], last);
  for (const [block, { up }] of levels.toReversed().entries()) addAll(`up_blocks.${block}`, up, last - block);
  return found;
}

function crossAttentionOf(graph: GraphBuilder, { crossAttention }: UNetForm): CrossAttention {
  if (crossAttention === 'given') return (name, shape) => graph.input(name, shape);
  return (name, _shape, compute) => {
    const value = compute();
    if (crossAttention === 'told') graph.output(name, value);
    return value;
  };
}

/** What the layer that takes a skip is given besides it: of the level below if it is the first of its level. @param skip of the branch */
function featuresShape({ blockOutChannels, layersPerBlock }: UNetConfig, branch: number, skip: Value): number[] {
  const level = Math.floor(branch / (layersPerBlock + 1));
  const isFirst = branch % (layersPerBlock + 1) === layersPerBlock;
  const channels = blockOutChannels[isFirst ? level + 1 : level] ?? blockOutChannels[level] ?? 0;
  const [batch = 1, , height = 1, width = 1] = skip.shape;
  return [batch, channels, height, width];
}

/** silu(time MLP + addition MLP) [B, T], T = 4·C₀; every residual block starts with this silu, so it is computed once. */
function embedConditioning(nn: Layers, config: UNetConfig, batch: number): Value {
  const base = config.blockOutChannels[0] ?? 0;
  const width = 4 * base;
  const mlp = (x: Value, name: string) =>
    nn.linear(nn.silu(nn.linear(x, `${name}.linear_1`, width)), `${name}.linear_2`, width);
  const time = mlp(timeInput(nn, config, batch), 'time_embedding');
  const addition = mlp(nn.graph.input('addition', [batch, config.additionInputDim]), 'add_embedding');
  return nn.silu(nn.add(time, addition));
}

/** The sinusoid of the timestep; a network distilled with guidance adds a projection of the guidance scale's (Meng et al. 2023, §3.1). */
function timeInput(nn: Layers, { blockOutChannels, guidanceEmbedDim }: UNetConfig, batch: number): Value {
  const base = blockOutChannels[0] ?? 0;
  const time = nn.graph.input('time', [batch, base]);
  if (guidanceEmbedDim === undefined) return time;
  const guidance = nn.graph.input('guidance', [batch, guidanceEmbedDim]);
  return nn.add(time, nn.linear(guidance, 'time_embedding.cond_proj', base, { bias: false }));
}

interface Surroundings {
  readonly timeEmbedding: Value;
  /** By layer name. */
  readonly text: ReadonlyMap<string, TextAttention>;
  readonly crossAttention: CrossAttention;
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

  /**
   * Every level but the last halves the size after its layers; each result is kept for the up path.
   *
   * @param last the skip to end with; absent: the whole down path
   */
  down(sample: Value, last = Infinity): Value {
    const { blockOutChannels: channels, layersPerBlock, levels } = this.#config;
    let x = this.#keep(this.#nn.conv(sample, 'conv_in', channels[0] ?? 0));
    this.#around.onBlock('conv_in', x);
    for (const [level, { down }] of levels.entries()) {
      const name = `down_blocks.${level}`;
      const out = channels[level] ?? 0;
      for (let layer = 0; layer < layersPerBlock; layer++) {
        if (this.#skips.length > last) return x;
        x = this.#residual(x, `${name}.resnets.${layer}`, out);
        x = this.#transformer(x, `${name}.attentions.${layer}`, level, down[layer]);
        this.#keep(x);
      }
      if (this.#skips.length > last) return x;
      if (level < levels.length - 1) {
        x = this.#keep(this.#nn.conv(x, `${name}.downsamplers.0.conv`, out, { stride: 2, pads: [1, 1, 1, 1] }));
      }
      this.#around.onBlock(name, x);
    }
    return x;
  }

  mid(features: Value): Value {
    const { middle, levels } = this.#config;
    const channels = features.shape[1] ?? 0;
    if (middle.residuals === 0) return features;
    let x = this.#residual(features, 'mid_block.resnets.0', channels);
    if (middle.residuals === 2) {
      x = this.#transformer(x, 'mid_block.attentions.0', levels.length - 1, middle.depth);
      x = this.#residual(x, 'mid_block.resnets.1', channels);
    }
    this.#around.onBlock('mid_block', x);
    return x;
  }

  /**
   * Block b works at level (last − b) and upsamples to the size of the next skip, which for odd sizes is not the double. Layers whose
   * skips were not computed are omitted: the features replace them.
   *
   * @param left skips to leave unconsumed, with the layers that take them
   */
  up(features: Value, left = 0): Value {
    const { blockOutChannels: channels, layersPerBlock, levels } = this.#config;
    let x = features;
    for (let level = channels.length - 1; level >= 0; level--) {
      const later = level * (layersPerBlock + 1); // skips of the levels after this one
      if (this.#skips.length <= later) continue;
      const name = `up_blocks.${channels.length - 1 - level}`;
      for (let layer = 0; layer <= layersPerBlock; layer++) {
        if (this.#skips.length === left) return x;
        if (this.#skips.length <= later + layersPerBlock - layer) continue;
        x = this.#residual(
          this.#nn.concatChannels(x, this.#takeSkip()),
          `${name}.resnets.${layer}`,
          channels[level] ?? 0,
        );
        x = this.#transformer(x, `${name}.attentions.${layer}`, level, levels[level]?.up[layer]);
      }
      const [, , height, width] = this.#skips.at(-1)?.shape ?? [];
      if (level > 0 && height && width) {
        x = this.#nn.upsampledConv(x, [height, width], `${name}.upsamplers.0.conv`, channels[level] ?? 0);
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

  #transformer(x: Value, name: string, level: number, depth = 0): Value {
    if (depth === 0) return x;
    return spatialTransformer(this.#nn, x, name, {
      heads: this.#config.levels[level]?.heads ?? 1,
      depth,
      groups: this.#config.normGroups,
      text: this.#around.text,
      crossAttention: this.#around.crossAttention,
    });
  }
}
