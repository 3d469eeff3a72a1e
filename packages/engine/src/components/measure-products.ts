import type { PrecisionSpeeds } from '../model.ts';
import { GraphBuilder, type Value } from '../onnx/graph-builder.ts';
import { createSession } from '../runtime/session.ts';
import { devices, type Precision, precisions } from '../runtime/variant.ts';

/** A linear layer at the UNet's widest level at 512×512. */
const [ROWS, WIDTH] = [256, 1280];
const RUNS = 12;

/** The best of several runs of one product in each precision, interleaved so that other load on the machine slows both. */
export async function measureProducts(): Promise<PrecisionSpeeds> {
  const profile = { weightFolder: '/', threads: 1, weights: 'resident' } as const;
  const x = { data: Float32Array.from({ length: ROWS * WIDTH }, (_, index) => Math.sin(index)), shape: [ROWS, WIDTH] };
  const best: Record<Precision, number> = { exact: Number.POSITIVE_INFINITY, int8: Number.POSITIVE_INFINITY };
  const sessions = new Map<Precision, Awaited<ReturnType<typeof createSession>>>();
  try {
    for (const precision of precisions)
      sessions.set(precision, await createSession(productGraph(precision), devices.cpu, profile));
    for (let run = 0; run < RUNS; run++) {
      for (const [precision, session] of sessions) {
        const began = performance.now();
        await session.run({ x });
        best[precision] = Math.min(best[precision], performance.now() - began);
      }
    }
  } finally {
    for (const session of sessions.values()) await session.release();
  }
  const gigaflops = (milliseconds: number) => (2 * ROWS * WIDTH * WIDTH) / milliseconds / 1e6;
  return { exact: gigaflops(best.exact), int8: gigaflops(best.int8) };
}

function productGraph(precision: Precision): Uint8Array {
  const graph = new GraphBuilder(`product_${precision}`);
  const x = graph.input('x', [ROWS, WIDTH]);
  graph.output('y', precision === 'exact' ? exactProduct(graph, x) : int8Product(graph, x));
  return graph.toBytes();
}

function exactProduct(graph: GraphBuilder, x: Value): Value {
  const values = Float32Array.from({ length: WIDTH * WIDTH }, (_, index) => Math.cos(index));
  return graph.node('Gemm', [x, graph.float32s('weight', [WIDTH, WIDTH], values)], [ROWS, WIDTH]);
}

/** As in the layers: quantized inputs, and codes with a scale for each output. */
function int8Product(graph: GraphBuilder, x: Value): Value {
  const values = Int8Array.from({ length: WIDTH * WIDTH }, (_, index) => Math.round(63 * Math.cos(index)));
  const codes = graph.int8s('codes', [WIDTH, WIDTH], values);
  const scales = graph.float32s('scales', [WIDTH], new Float32Array(WIDTH).fill(1 / 63));
  const [quantized, scale, zero] = graph.nodeOf('DynamicQuantizeLinear', [x], [x.shape, [], []]);
  const inputs = [quantized, codes, scale, scales, zero];
  return graph.node('MatMulIntegerToFloat', inputs, [ROWS, WIDTH], { domain: 'com.microsoft' });
}
