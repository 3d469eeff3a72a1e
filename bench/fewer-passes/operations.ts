import { type ConvOptions, Layers, type LinearOptions } from '../../packages/engine/src/components/layers.ts';
import type { UNetConfig } from '../../packages/engine/src/components/unet/config.ts';
import { buildUNet, type UNetForm } from '../../packages/engine/src/components/unet/graph.ts';
import { WeightBinder } from '../../packages/engine/src/components/weight-binder.ts';
import type { GraphBuilder, Value } from '../../packages/engine/src/onnx/graph-builder.ts';
import { cpu } from '../../packages/engine/src/runtime/devices/cpu.ts';

/**
 * Multiplications and additions of one pass of a UNet, counted while its graph is built: of matrix products and convolutions, which is
 * nearly all. No weights are needed.
 *
 * @param side in latent pixels
 */
export function operationsOf(config: UNetConfig, side: number, form: UNetForm = {}): number {
  let total = 0;
  const layersOf = (graph: GraphBuilder) => {
    const weights = new WeightBinder(graph, new Map(), '/', cpu.operators, () => undefined);
    return new CountingLayers(graph, weights, cpu.operators, (operations) => {
      total += operations;
    });
  };
  buildUNet(config, { batch: 1, height: side, width: side, tokens: 77, form }, layersOf);
  return total;
}

class CountingLayers extends Layers {
  readonly #count: (operations: number) => void;

  constructor(
    graph: GraphBuilder,
    weights: WeightBinder,
    operators: typeof cpu.operators,
    count: (operations: number) => void,
  ) {
    super(graph, weights, operators);
    this.#count = count;
  }

  override linear(x: Value, name: string, out: number, options: LinearOptions = {}): Value {
    const result = super.linear(x, name, out, options);
    this.#count(2 * elements(result) * (x.shape[1] ?? 1));
    return result;
  }

  override conv(x: Value, name: string, out: number, options: ConvOptions = {}): Value {
    const result = super.conv(x, name, out, options);
    this.#count(2 * elements(result) * (x.shape[1] ?? 1) * (options.kernel ?? 3) ** 2);
    return result;
  }

  override attention(q: Value, k: Value, v: Value, options: { batch: number; heads: number; causal?: boolean }): Value {
    this.#count((4 * elements(q) * (k.shape[0] ?? 1)) / options.batch);
    return super.attention(q, k, v, options);
  }
}

function elements({ shape }: Value): number {
  return shape.reduce((product, side) => product * side, 1);
}
