import type { GraphBuilder, Value } from '../onnx/graph-builder.ts';
import type { GraphForm, SessionGraph } from '../runtime/devices/device.ts';
import type { Adapter, AdapterLayers, LowRank } from '../runtime/variant.ts';
import type { TensorTable } from '../weights/safetensors.ts';
import { attention, type ConvOptions, convolve, groupNorm, type LinearOptions } from './operators.ts';
import type { WeightBinder } from './weight-binder.ts';

/** A finished graph. */
export type BoundGraph = SessionGraph;

/** Starts a graph of this name, bound to the weights of one component and to the device that it will run on. */
export type LayersOf = (graphName: string) => Layers;

/** The layers the networks share: PyTorch's semantics in terms of ONNX operators. All weights are in PyTorch's own layout. */
export class Layers {
  readonly graph: GraphBuilder;
  readonly weights: WeightBinder;
  /**
   * The order in which a residual block is built decides when ONNX Runtime runs its shortcut, and which buffers it then reuses: measured, the
   * other order takes 0.5 GB more for the VAE at 1024².
   */
  readonly buildsShortcutFirst: boolean = true;
  readonly #form: GraphForm;
  readonly #branches: AdapterBranches;

  /** @param branches what adapters add to the layers */
  constructor(
    graph: GraphBuilder,
    weights: WeightBinder,
    form: GraphForm,
    branches: AdapterBranches = new AdapterBranches(graph, weights, []),
  ) {
    this.graph = graph;
    this.weights = weights;
    this.#form = form;
    this.#branches = branches;
  }

  /**
   * x [M, in] → [M, out]; weight [out, in]. Gemm reads the weight as stored, so it is never transposed in memory.
   * With `rows` only those outputs are computed.
   */
  linear(x: Value, name: string, out: number, options: LinearOptions = {}): Value {
    return this.#branches.linear(this.ownLinear(x, name, out, options), x, name, out, options);
  }

  /** Without what adapters add. */
  protected ownLinear(x: Value, name: string, out: number, options: LinearOptions): Value {
    const [m = 1, inner = 1] = x.shape;
    const { bias = true, rows } = options;
    const view = rows ? { rows } : {};
    const weight = this.weights.get(`${name}.weight`, [out, inner], view);
    const transB = this.weights.isTransposed(`${name}.weight`) ? 0 : 1;
    const inputs = bias ? [x, weight, this.weights.get(`${name}.bias`, [out], view)] : [x, weight];
    return this.graph.node('Gemm', inputs, [m, rows ? rows[1] - rows[0] : out], { attributes: { transB } });
  }

  /** x [B, in, H, W] → [B, out, H', W']; weight [out, in, k, k]. Padding is [top, left, bottom, right]. */
  conv(x: Value, name: string, out: number, options: ConvOptions = {}): Value {
    return this.#branches.conv(this.ownConv(x, name, out, options), () => x, name, options);
  }

  /** Without what adapters add. */
  protected ownConv(x: Value, name: string, out: number, options: ConvOptions): Value {
    const [, inner = 1] = x.shape;
    const { kernel = 3, bias = true } = options;
    const weight = this.weights.get(`${name}.weight`, [out, inner, kernel, kernel]);
    return convolve(this.graph, x, weight, options, bias ? this.weights.get(`${name}.bias`, [out]) : undefined);
  }

  /** x [B, C, H, W], statistics over each of `groups` channel groups. */
  groupNorm(x: Value, name: string, groups: number, epsilon: number): Value {
    const [, channels = 1] = x.shape;
    const weight = (kind: string) => (as: readonly number[]) => this.weights.get(`${name}.${kind}`, [channels], { as });
    const options = { groups, epsilon, scale: weight('weight'), bias: weight('bias') };
    return groupNorm(this.graph, x, options, this.#form);
  }

  /** x [M, C], statistics over C. */
  layerNorm(x: Value, name: string, epsilon: number): Value {
    const channels = x.shape.at(-1) ?? 1;
    const inputs = [x, this.weights.get(`${name}.weight`, [channels]), this.weights.get(`${name}.bias`, [channels])];
    const attributes = { axis: -1, epsilon: { float: epsilon } };
    return this.graph.node('LayerNormalization', inputs, x.shape, { attributes });
  }

  /** x · sigmoid(x) */
  silu(x: Value): Value {
    return this.quickGelu(x, 1);
  }

  /** x · sigmoid(alpha · x) */
  quickGelu(x: Value, alpha = 1.702): Value {
    if (this.#form.activations === 'fused') {
      const attributes = { alpha: { float: alpha } };
      return this.graph.node('QuickGelu', [x], x.shape, { attributes, domain: 'com.microsoft' });
    }
    const scaled = alpha === 1 ? x : this.multiply(x, this.graph.floats([alpha], []));
    return this.multiply(x, this.graph.node('Sigmoid', [scaled], x.shape));
  }

  /** The exact form with erf, not the tanh approximation. */
  gelu(x: Value): Value {
    if (this.#form.activations === 'fused')
      return this.graph.node('Gelu', [x], x.shape, { attributes: { approximate: 'none' } });
    const { graph } = this;
    const erf = graph.node('Erf', [this.multiply(x, graph.floats([Math.SQRT1_2], []))], x.shape);
    return this.multiply(this.multiply(x, graph.floats([0.5], [])), this.add(erf, graph.floats([1], [])));
  }

  /** q [B·S, C]; k, v [B·T, C] → softmax(q·kᵀ/√(C/heads))·v as [B·S, C], heads being contiguous slices of C. */
  attention(q: Value, k: Value, v: Value, options: { batch: number; heads: number; causal?: boolean }): Value {
    const { batch, heads, causal = false } = options;
    const [rows = 1, channels = 1] = q.shape;
    const perSample = (x: Value) => this.reshape(x, [batch, (x.shape[0] ?? 1) / batch, channels]);
    const inputs = [perSample(q), perSample(k), perSample(v)] as const;
    const mixed = attention(this.graph, inputs, { heads, causal }, this.#form);
    return this.reshape(mixed, [rows, channels]);
  }

  /** [B, C, H, W] → [B·H·W, C] */
  toTokens(x: Value): Value {
    const [b = 1, c = 1, h = 1, w = 1] = x.shape;
    const flat = this.reshape(x, [b, c, h * w]);
    return this.reshape(this.transpose(flat, [0, 2, 1]), [b * h * w, c]);
  }

  /** [B·H·W, C] → [B, C, H, W] of the given shape */
  toPixels(x: Value, shape: readonly number[]): Value {
    const [b = 1, c = 1, h = 1, w = 1] = shape;
    const flat = this.reshape(x, [b, h * w, c]);
    return this.reshape(this.transpose(flat, [0, 2, 1]), shape);
  }

  /** Nearest neighbour: source index = floor(target · in / out), also for sizes that are not doubles. */
  upsample(x: Value, height: number, width: number): Value {
    const [b = 1, c = 1, h = 1, w = 1] = x.shape;
    const shape = [b, c, height, width];
    const attributes = { mode: 'nearest', nearest_mode: 'floor', coordinate_transformation_mode: 'asymmetric' };
    const isDouble = height === 2 * h && width === 2 * w;
    const target = isDouble
      ? [undefined, this.graph.float32s('doubled', [4], Float32Array.of(1, 1, 2, 2))]
      : [undefined, undefined, this.graph.ints(shape)];
    return this.graph.node('Resize', [x, ...target], shape, { attributes });
  }

  /** A convolution of `x`, scaled up to height × width first. */
  upsampledConv(x: Value, size: readonly [height: number, width: number], name: string, out: number): Value {
    return this.#branches.conv(this.ownUpsampledConv(x, size, name, out), () => this.upsample(x, ...size), name, {});
  }

  /** Without what adapters add. */
  protected ownUpsampledConv(
    x: Value,
    size: readonly [height: number, width: number],
    name: string,
    out: number,
  ): Value {
    return this.ownConv(this.upsample(x, ...size), name, out, {});
  }

  concatChannels(a: Value, b: Value): Value {
    const shape = [a.shape[0] ?? 1, (a.shape[1] ?? 0) + (b.shape[1] ?? 0), ...a.shape.slice(2)];
    return this.graph.node('Concat', [a, b], shape, { attributes: { axis: 1 } });
  }

  add(a: Value, b: Value): Value {
    return this.graph.node('Add', [a, b], a.shape);
  }

  multiply(a: Value, b: Value): Value {
    return this.graph.node('Mul', [a, b], a.shape);
  }

  reshape(x: Value, shape: readonly number[]): Value {
    return this.graph.node('Reshape', [x, this.graph.ints(shape)], shape);
  }

  transpose(x: Value, order: readonly number[]): Value {
    const shape = order.map((axis) => x.shape[axis] ?? 1);
    return this.graph.node('Transpose', [x], shape, { attributes: { perm: order } });
  }
}

export interface ResidualBlockOptions {
  readonly groups: number;
  readonly epsilon: number;
  /** silu(time embedding) [B, T]; the UNet has one, the VAE none. */
  readonly timeEmbedding?: Value;
}

/** GN, silu, conv → + time → GN, silu, conv → + shortcut. x [B, in, H, W] → [B, out, H, W]; the shortcut is a 1×1 convolution only where in ≠ out. */
export function residualBlock(nn: Layers, x: Value, name: string, out: number, options: ResidualBlockOptions): Value {
  const { groups, epsilon, timeEmbedding } = options;
  const makeShortcut = () => (x.shape[1] === out ? x : nn.conv(x, `${name}.conv_shortcut`, out, { kernel: 1 }));
  const early = nn.buildsShortcutFirst ? makeShortcut() : undefined;
  let h = nn.conv(nn.silu(nn.groupNorm(x, `${name}.norm1`, groups, epsilon)), `${name}.conv1`, out);
  if (timeEmbedding) {
    const shift = nn.linear(timeEmbedding, `${name}.time_emb_proj`, out); // [B, out]
    h = nn.add(h, nn.reshape(shift, [shift.shape[0] ?? 1, out, 1, 1]));
  }
  h = nn.conv(nn.silu(nn.groupNorm(h, `${name}.norm2`, groups, epsilon)), `${name}.conv2`, out);
  return nn.add(early ?? makeShortcut(), h);
}

/**
 * What adapters add to the layers of one graph: of each layer that one changes, a branch of two small products beside the layer's own
 * (Hu et al. 2021, arXiv:2106.09685). The model's weights stay as they are, whatever their precision, and a layer that no adapter changes has
 * exactly the nodes that it has without adapters. How strongly an adapter counts is an input of the graph.
 */
export class AdapterBranches {
  readonly #graph: GraphBuilder;
  readonly #weights: WeightBinder;
  readonly #adapters: readonly AdapterLayers[];
  readonly #strengths = new Map<number, Value>();
  /** By adapter and scale. */
  readonly #factors = new Map<string, Value>();

  /** @param weights also of the adapters, see `withAdapterTensors` */
  constructor(graph: GraphBuilder, weights: WeightBinder, adapters: readonly AdapterLayers[]) {
    this.#graph = graph;
    this.#weights = weights;
    this.#adapters = adapters;
  }

  /** @param result [M, out] of the layer itself, for x [M, in] */
  linear(result: Value, x: Value, name: string, out: number, { rows }: LinearOptions): Value {
    const [m = 1, inner = 1] = x.shape;
    return this.#add(result, name, (index, { rank }) => {
      const down = this.#get(index, name, 'down', [rank, inner]);
      const narrow = this.#graph.node('Gemm', [x, down], [m, rank], TRANSPOSED);
      const up = this.#get(index, name, 'up', [out, rank], rows);
      return (factor) => this.#graph.node('Gemm', [this.#multiply(narrow, factor), up], result.shape, TRANSPOSED);
    });
  }

  /** @param result [B, out, H', W'] of the layer itself @param input [B, in, H, W] */
  conv(result: Value, input: () => Value, name: string, options: ConvOptions): Value {
    const { kernel = 3 } = options;
    return this.#add(result, name, (index, { rank, mid }) => {
      const x = input();
      const [, inner = 1] = x.shape;
      const pointwise = { kernel: 1 };
      const window = { ...options, kernel };
      const first = this.#get(index, name, 'down', mid ? [rank, inner, 1, 1] : [rank, inner, kernel, kernel]);
      const narrow = convolve(this.#graph, x, first, mid ? pointwise : window);
      const moved = mid
        ? convolve(this.#graph, narrow, this.#get(index, name, 'mid', [rank, rank, kernel, kernel]), window)
        : narrow;
      const up = this.#get(index, name, 'up', [result.shape[1] ?? 1, rank, 1, 1]);
      return (factor) => convolve(this.#graph, this.#multiply(moved, factor), up, pointwise);
    });
  }

  /** The branch of each adapter that changes the layer, in order. */
  #add(result: Value, name: string, branch: (index: number, layer: LowRank) => (factor: Value) => Value): Value {
    let sum = result;
    for (const [index, layers] of this.#adapters.entries()) {
      const layer = layers.get(name);
      if (!layer) continue;
      const added = branch(index, layer)(this.#factor(index, layer.scale));
      sum = this.#graph.node('Add', [sum, added], result.shape);
    }
    return sum;
  }

  #get(
    index: number,
    name: string,
    kind: 'down' | 'mid' | 'up',
    shape: readonly number[],
    rows?: LinearOptions['rows'],
  ) {
    return this.#weights.get(tensorName(index, name, kind), shape, rows ? { rows } : {});
  }

  #multiply(a: Value, b: Value): Value {
    return this.#graph.node('Mul', [a, b], a.shape);
  }

  /** scale · strength */
  #factor(index: number, scale: number): Value {
    const key = `${index} ${scale}`;
    const known = this.#factors.get(key);
    if (known) return known;
    const strength = this.#strengths.get(index) ?? this.#graph.input(strengthName(index), [1]);
    this.#strengths.set(index, strength);
    const factor = scale === 1 ? strength : this.#multiply(strength, this.#graph.floats([scale]));
    this.#factors.set(key, factor);
    return factor;
  }
}

const TRANSPOSED = { attributes: { transB: 1 } };

function strengthName(index: number): string {
  return `adapter.${index}.strength`;
}

function tensorName(index: number, layer: string, kind: string): string {
  return `adapter.${index}.${layer}.${kind}`;
}

/** The tensors of a network and, under names of their own, those of the adapters that change it. */
export function withAdapterTensors(tensors: TensorTable, network: string, adapters: readonly Adapter[]): TensorTable {
  if (adapters.length === 0) return tensors;
  const added = adapters.flatMap(({ networks }, index) =>
    [...(networks.get(network) ?? [])].flatMap(([name, { down, mid, up }]) =>
      Object.entries({ down, up, ...(mid && { mid }) }).map(
        ([kind, tensor]) => [tensorName(index, name, kind), tensor] as const,
      ),
    ),
  );
  return new Map([...tensors, ...added]);
}

/** How strongly each adapter counts, for a graph that has them in this order. */
export function adapterFeeds(adapters: readonly Adapter[]): Readonly<Record<string, Float32Array>> {
  return Object.fromEntries(adapters.map(({ weight }, index) => [strengthName(index), Float32Array.of(weight)]));
}
