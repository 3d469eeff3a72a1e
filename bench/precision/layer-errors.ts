import {
  type BoundMatrix,
  Int8Layers,
  type Int8MatrixSpec,
  isFloatLayer,
} from '../../packages/engine/src/components/int8-layers.ts';
import { Layers } from '../../packages/engine/src/components/layers.ts';
import type { ConvOptions, LinearOptions } from '../../packages/engine/src/components/operators.ts';
import type { WeightBinder } from '../../packages/engine/src/components/weight-binder.ts';
import type { GraphBuilder, Value } from '../../packages/engine/src/onnx/graph-builder.ts';
import { cpu } from '../../packages/engine/src/runtime/devices/cpu.ts';
import { createSession } from '../../packages/engine/src/runtime/session.ts';
import { feedsOf, openPart, type PassJob } from './part-pass.ts';

interface LayerError {
  readonly layer: string;
  /** ‖8 bits − float32‖ / ‖float32‖ of the layer's result, for the inputs that it has in a pass in float32. */
  readonly relative: number;
}

/** Layers that do the same in every block. */
interface KindErrors {
  readonly kind: string;
  readonly layers: number;
  readonly median: number;
  readonly worst: number;
  readonly worstLayer: string;
}

/** The errors by kind of layer, the kind with the worst median first. */
export function errorsByKind(errors: readonly LayerError[]): readonly KindErrors[] {
  const kinds = Map.groupBy(errors, ({ layer }) => kindOf(layer));
  return [...kinds]
    .map(([kind, own]) => {
      const sorted = own.toSorted((a, b) => b.relative - a.relative);
      const { layer: worstLayer, relative: worst } = sorted[0];
      return { kind, layers: own.length, median: sorted[Math.floor(own.length / 2)].relative, worst, worstLayer };
    })
    .sort((a, b) => b.median - a.median);
}

/** `down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q` is an `attn1.to_q`. */
function kindOf(layer: string): string {
  const name = layer.replace(/\[.*\]$/, ''); // without the rows
  const inBlock = /^.*\b(?:transformer_blocks|resnets|attentions|layers)\.\d+\.(.+)$/.exec(name)?.[1];
  return inBlock ?? name.replace(/^.*\.(\w+)\.\d+\./, '$1.');
}

/** Runs a pass in float32 with every layer a second time in 8 bits, of the same inputs. The worst layers come first. */
export async function layerErrors(job: PassJob): Promise<readonly LayerError[]> {
  const part = await openPart(job, true);
  const { exactOf, int8, weightFolder } = part;
  if (!int8) throw new Error('there are no 8-bit weights');
  const compared: string[] = [];
  const graph = part.build((name) => {
    const { graph: builder, weights } = exactOf(name);
    const bind = (matrix: Int8MatrixSpec) => int8.bind(builder, matrix, weightFolder);
    return new ComparingLayers(builder, weights, bind, compared);
  });
  const profile = { weightFolder: part.weightFolder, threads: job.threads, weights: 'mapped' } as const;
  const session = await createSession(graph, cpu, profile);
  const outputs = await session.run(feedsOf(graph.toBytes()));
  await session.release();
  const errors = compared.map((layer) => {
    return { layer, relative: Math.sqrt(outputs[`${layer}:error`][0] / outputs[`${layer}:size`][0]) };
  });
  return errors.sort((a, b) => b.relative - a.relative);
}

/** Layers in float32 whose graph also gives how far 8 bits are from them. */
class ComparingLayers extends Layers {
  readonly #int8: Layers;
  readonly #compared: string[];

  constructor(
    graph: GraphBuilder,
    weights: WeightBinder,
    bind: (matrix: Int8MatrixSpec) => BoundMatrix,
    compared: string[],
  ) {
    super(graph, weights, cpu.form);
    this.#int8 = new Int8Layers(graph, weights, cpu.form, bind);
    this.#compared = compared;
  }

  protected override ownLinear(x: Value, name: string, out: number, options: LinearOptions): Value {
    const rows = options.rows ? `[${options.rows[0]}:${options.rows[1]}]` : '';
    const exact = super.ownLinear(x, name, out, options);
    if (isFloatLayer(name)) return exact;
    return this.#compare(`${name}${rows}`, exact, this.#int8.linear(x, name, out, options));
  }

  protected override ownConv(x: Value, name: string, out: number, options: ConvOptions): Value {
    const exact = super.ownConv(x, name, out, options);
    return isFloatLayer(name) ? exact : this.#compare(name, exact, this.#int8.conv(x, name, out, options));
  }

  #compare(layer: string, exact: Value, int8: Value): Value {
    const difference = this.graph.node('Sub', [int8, exact], exact.shape);
    const sum = (value: Value) => this.graph.node('ReduceSumSquare', [value], [], { attributes: { keepdims: 0 } });
    this.graph.output(`${layer}:error`, sum(difference));
    this.graph.output(`${layer}:size`, sum(exact));
    this.#compared.push(layer);
    return exact;
  }
}
