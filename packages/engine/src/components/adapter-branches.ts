import type { GraphBuilder, Value } from '../onnx/graph-builder.ts';
import type { Adapter, AdapterLayers, LowRank } from '../runtime/variant.ts';
import type { TensorTable } from '../weights/safetensors.ts';
import { type ConvOptions, convolve, type LinearOptions } from './operators.ts';
import type { WeightBinder } from './weight-binder.ts';

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
