import type { PrecisionSpeeds } from '../model.ts';
import { GraphBuilder, type Value } from '../onnx/graph-builder.ts';
import { cpu } from '../runtime/devices/cpu.ts';
import type { Precision } from '../runtime/variant.ts';
import { isFloatLayer } from './int8-layers.ts';
import { type BoundGraph, Layers, type LayersOf } from './layers.ts';
import type { ConvOptions, LinearOptions } from './operators.ts';
import { WeightBinder } from './weight-binder.ts';

/** Of the arithmetic, what `int8` computes in 8 bits and what it leaves in float32. */
export const operationKinds = ['linear', 'conv', 'floatLinear', 'floatConv', 'attention'] as const;

export type OperationKind = (typeof operationKinds)[number];

/** Multiplications and additions, each counted as one. */
export type Operations = Readonly<Record<OperationKind, number>>;

/**
 * The arithmetic of one pass, counted while the graph is built: matrix products, convolutions and attention, which is nearly all of it.
 * No weights are needed. The precision that a graph is built for does not change its arithmetic.
 */
export function operationsOf(build: (layersOf: LayersOf) => BoundGraph): Operations {
  const total: Record<OperationKind, number> = { linear: 0, conv: 0, floatLinear: 0, floatConv: 0, attention: 0 };
  build((graphName) => new CountingLayers(graphName, total));
  return total;
}

export function allOperations(operations: Operations): number {
  return operationKinds.reduce((sum, kind) => sum + operations[kind], 0);
}

/** Seconds of a pass whose layers run at the given speeds. */
export function secondsOf(operations: Operations, speeds: PrecisionSpeeds, precision: Precision): number {
  const { exact, [precision]: own } = speeds;
  const gigaseconds =
    operations.linear / own.linear +
    operations.conv / own.conv +
    operations.floatLinear / exact.linear +
    operations.floatConv / exact.conv +
    operations.attention / exact.attention;
  return gigaseconds / 1e9;
}

class CountingLayers extends Layers {
  readonly #total: Record<OperationKind, number>;

  constructor(graphName: string, total: Record<OperationKind, number>) {
    const graph = new GraphBuilder(graphName);
    super(graph, new WeightBinder(graph, new Map(), '/', cpu.form, () => undefined), cpu.form);
    this.#total = total;
  }

  protected override ownLinear(x: Value, name: string, out: number, options: LinearOptions): Value {
    const result = super.ownLinear(x, name, out, options);
    this.#total[isFloatLayer(name) ? 'floatLinear' : 'linear'] += 2 * elements(result) * (x.shape[1] ?? 1);
    return result;
  }

  protected override ownConv(x: Value, name: string, out: number, options: ConvOptions): Value {
    const result = super.ownConv(x, name, out, options);
    const terms = (x.shape[1] ?? 1) * (options.kernel ?? 3) ** 2;
    this.#total[isFloatLayer(name) ? 'floatConv' : 'conv'] += 2 * elements(result) * terms;
    return result;
  }

  /** q·kᵀ and its product with v. */
  override attention(q: Value, k: Value, v: Value, options: { batch: number; heads: number; causal?: boolean }): Value {
    this.#total.attention += (4 * elements(q) * (k.shape[0] ?? 1)) / options.batch;
    return super.attention(q, k, v, options);
  }
}

function elements({ shape }: Value): number {
  return shape.reduce((product, side) => product * side, 1);
}
