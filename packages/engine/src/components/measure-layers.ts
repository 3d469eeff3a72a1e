import type { LayerSpeeds, PrecisionSpeeds } from '../model.ts';
import { GraphBuilder, type Value } from '../onnx/graph-builder.ts';
import { cpu } from '../runtime/devices/cpu.ts';
import { createSession, type Session } from '../runtime/session.ts';
import { type Precision, precisions } from '../runtime/variant.ts';
import { Int8Layers, type Int8MatrixSpec } from './int8-layers.ts';
import { type BoundGraph, Layers, type LayersOf } from './layers.ts';
import { allOperations, operationsOf } from './operations.ts';
import { WeightBinder, type WeightView } from './weight-binder.ts';

/** Of SDXL's UNet at 512×512: the second level, of two, where most pixels are. */
const [SIDE, CHANNELS, HEADS] = [32, 640, 10];
const TOKENS = SIDE * SIDE;
const RUNS = 5;

/** The kinds of layers that nearly all time goes to, each with the norms, activations and sums that come with it. */
const blocks: Readonly<Record<keyof LayerSpeeds, (of: LayersOf) => BoundGraph>> = {
  linear: (of) =>
    withInput('feed_forward', [TOKENS, CHANNELS], of, (nn, x) => {
      const [normalized, inner] = [nn.layerNorm(x, 'norm', 1e-5), 4 * CHANNELS];
      const value = nn.linear(normalized, 'proj', 2 * inner, { rows: [0, inner] });
      const gate = nn.linear(normalized, 'proj', 2 * inner, { rows: [inner, 2 * inner] });
      return nn.add(nn.linear(nn.multiply(value, nn.gelu(gate)), 'out', CHANNELS), x);
    }),
  conv: (of) =>
    withInput('residual', [1, CHANNELS, SIDE, SIDE], of, (nn, x) =>
      nn.add(nn.conv(nn.silu(nn.groupNorm(x, 'norm', 32, 1e-5)), 'conv', CHANNELS), x),
    ),
  attention: (of) =>
    withInput('attention', [TOKENS, CHANNELS], of, (nn, x) => nn.attention(x, x, x, { batch: 1, heads: HEADS })),
};

const kinds = ['linear', 'conv', 'attention'] as const satisfies readonly (keyof LayerSpeeds)[];

/**
 * The best of several runs of each block in each precision, interleaved so that other load on the machine slows both. In GFLOP/s, of the
 * products' arithmetic alone.
 */
export async function measureLayers(threads: number): Promise<PrecisionSpeeds> {
  const probes: { readonly precision: Precision; readonly kind: keyof LayerSpeeds; readonly session: Session }[] = [];
  const best: Record<Precision, Record<keyof LayerSpeeds, number>> = {
    exact: { linear: 0, conv: 0, attention: 0 },
    int8: { linear: 0, conv: 0, attention: 0 },
  };
  const x = Float32Array.from({ length: TOKENS * CHANNELS }, (_, index) => Math.sin(index));
  // As a model of usual size holds its weights where memory is ample.
  const held = { exact: 'mapped', int8: 'packed' } as const;
  try {
    for (const precision of precisions) {
      for (const kind of kinds) {
        const graph = blocks[kind](precision === 'exact' ? exactLayers : int8Layers);
        probes.push({
          precision,
          kind,
          session: await createSession(graph, cpu, { weightFolder: '/', threads, weights: held[precision] }),
        });
      }
    }
    for (let run = 0; run < RUNS; run++) {
      for (const { precision, kind, session } of probes) {
        const began = performance.now();
        await session.run({ x });
        const speed = allOperations(operationsOf(blocks[kind])) / (performance.now() - began) / 1e6;
        best[precision][kind] = Math.max(best[precision][kind], speed);
      }
    }
  } finally {
    for (const { session } of probes) await session.release();
  }
  return best;
}

function withInput(
  name: string,
  shape: readonly number[],
  of: LayersOf,
  block: (nn: Layers, x: Value) => Value,
): BoundGraph {
  const nn = of(name);
  const { graph } = nn;
  graph.output('y', block(nn, graph.input('x', shape)));
  return graph;
}

function exactLayers(name: string): Layers {
  const graph = new GraphBuilder(name);
  return new Layers(graph, new SampleWeights(graph), cpu.form);
}

function int8Layers(name: string): Layers {
  const graph = new GraphBuilder(name);
  const bind = ({ key, shape, rows: [begin, end] }: Int8MatrixSpec) => {
    const [inputs, outputs] = [elements(shape.slice(1)), end - begin];
    const codes = Int8Array.from({ length: inputs * outputs }, (_, index) => Math.round(63 * Math.cos(index)));
    return {
      codes: graph.int8s(`${key}:codes`, [inputs, outputs], codes),
      scales: graph.float32s(`${key}:scales`, [outputs], new Float32Array(outputs).fill(1 / 63 / Math.sqrt(inputs))),
    };
  };
  return new Int8Layers(graph, new SampleWeights(graph), cpu.form, bind);
}

/** Weights of any name and shape, in the graph itself. */
class SampleWeights extends WeightBinder {
  readonly #graph: GraphBuilder;

  constructor(graph: GraphBuilder) {
    super(graph, new Map(), '/', cpu.form);
    this.#graph = graph;
  }

  override get(name: string, shape: readonly number[], { rows, as }: WeightView = {}): Value {
    const stored = rows ? [rows[1] - rows[0], ...shape.slice(1)] : shape;
    const scale = 1 / Math.sqrt(elements(shape.slice(1)));
    const values = Float32Array.from({ length: elements(stored) }, (_, index) => scale * Math.cos(index));
    return this.#graph.float32s(`${name}${rows ?? ''}${as ? ':view' : ''}`, as ?? stored, values);
  }
}

function elements(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}
