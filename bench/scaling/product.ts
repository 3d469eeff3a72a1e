import { GraphBuilder, type Value } from '../../packages/engine/src/onnx/graph-builder.ts';
import { cpu } from '../../packages/engine/src/runtime/devices/cpu.ts';
import { createSession } from '../../packages/engine/src/runtime/session.ts';

/** As large as the caches like it: as the linear layers of the UNet's widest level, twice. */
const [ROWS, INNER, OUTPUTS] = [1024, 2560, 2560];

export const PRODUCT_OPERATIONS = 2 * ROWS * INNER * OUTPUTS;

/** A product of float32, or of u8 activations and s8 weights, large and packed: nothing in a network can run faster than it. */
export async function prepareProduct(precision: string, threads: number): Promise<() => Promise<unknown>> {
  const graph = new GraphBuilder('product');
  const x = graph.input('x', [ROWS, INNER]);
  const product = precision === 'int8' ? int8Product(graph, x) : floatProduct(graph, x);
  // Only a row of it leaves the runtime: the rest would be copied.
  const [begin, end, axes] = [[0], [1], [0]].map((values) => graph.ints(values));
  graph.output('y', graph.node('Slice', [product, begin, end, axes], [1, OUTPUTS]));
  const session = await createSession(graph, cpu, {
    weightFolder: '/',
    threads,
    weights: 'resident',
  });
  const feeds = { x: Float32Array.from({ length: ROWS * INNER }, (_, index) => Math.sin(index)) };
  return () => session.run(feeds);
}

function floatProduct(graph: GraphBuilder, x: Value): Value {
  const values = Float32Array.from({ length: INNER * OUTPUTS }, (_, index) => Math.cos(index));
  return graph.node('Gemm', [x, graph.float32s('weight', [INNER, OUTPUTS], values)], [ROWS, OUTPUTS]);
}

function int8Product(graph: GraphBuilder, x: Value): Value {
  const values = Int8Array.from({ length: INNER * OUTPUTS }, (_, index) => Math.round(63 * Math.cos(index)));
  const codes = graph.int8s('codes', [INNER, OUTPUTS], values);
  const scales = graph.float32s('scales', [OUTPUTS], new Float32Array(OUTPUTS).fill(1 / 63));
  const [quantized, scale, zero] = graph.nodeOf('DynamicQuantizeLinear', [x], [x.shape, [], []]);
  const inputs = [quantized, codes, scale, scales, zero];
  return graph.node('MatMulIntegerToFloat', inputs, [ROWS, OUTPUTS], { domain: 'com.microsoft' });
}
