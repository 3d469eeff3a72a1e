import type { GraphBuilder, Value } from '../onnx/graph-builder.ts';
import type { GraphForm } from '../runtime/devices/device.ts';

export interface LinearOptions {
  readonly bias?: boolean;
  /** Outputs [begin, end). */
  readonly rows?: readonly [begin: number, end: number];
}

export interface ConvOptions {
  readonly bias?: boolean;
  readonly kernel?: number;
  readonly stride?: number;
  readonly pads?: readonly [top: number, left: number, bottom: number, right: number];
}

/** x [B, in, H, W] → [B, out, H', W']; weight [out, in, k, k]. */
export function convolve(graph: GraphBuilder, x: Value, weight: Value, options: ConvOptions, bias?: Value): Value {
  const [batch = 1, , height = 1, width = 1] = x.shape;
  const [out = 1] = weight.shape;
  const { kernel = 3, stride = 1 } = options;
  const half = (kernel - 1) / 2;
  const pads = options.pads ?? [half, half, half, half];
  const side = (length: number, before = 0, after = 0) => Math.floor((length + before + after - kernel) / stride) + 1;
  const shape = [batch, out, side(height, pads[0], pads[2]), side(width, pads[1], pads[3])];
  const attributes = { kernel_shape: [kernel, kernel], strides: [stride, stride], pads };
  return graph.node('Conv', bias ? [x, weight, bias] : [x, weight], shape, { attributes });
}

export interface GroupNorm {
  readonly groups: number;
  readonly epsilon: number;
  /** The two weights [C], in the shape that the implementation needs. */
  readonly scale: (as: readonly number[]) => Value;
  readonly bias: (as: readonly number[]) => Value;
}

/**
 * x [B, C, H, W], statistics over each of the channel groups (Wu & He 2018). InstanceNormalization over a reshaped tensor is the fastest form on
 * the CPU, and the only one that all providers have.
 */
export function groupNorm(graph: GraphBuilder, x: Value, options: GroupNorm, form: GraphForm): Value {
  const { groups, scale, bias } = options;
  const [batch = 1, channels = 1, height = 1, width = 1] = x.shape;
  const epsilon = form.normEpsilon ?? options.epsilon;
  // (sx − sμ) / √(s²σ² + ε) is (x − μ) / √(σ² + ε/s²)
  const factor = Math.sqrt(epsilon / options.epsilon);
  const input = factor === 1 ? x : graph.node('Mul', [x, graph.floats([factor], [])], x.shape);
  const ones = graph.floats(new Array<number>(groups).fill(1));
  const zeros = graph.floats(new Array<number>(groups).fill(0));
  const view = [batch, groups, (channels * height * width) / groups];
  const grouped = graph.node('Reshape', [input, graph.ints(view)], view);
  const attributes = { epsilon: { float: epsilon } };
  const normalized = graph.node('InstanceNormalization', [grouped, ones, zeros], view, { attributes });
  const back = graph.node('Reshape', [normalized, graph.ints(x.shape)], x.shape);
  const scaled = graph.node('Mul', [back, scale([channels, 1, 1])], x.shape);
  return graph.node('Add', [scaled, bias([channels, 1, 1])], x.shape);
}

export interface AttentionOptions {
  readonly heads: number;
  readonly causal: boolean;
}

type AttentionInputs = readonly [q: Value, k: Value, v: Value];

/** q [B, S, C]; k, v [B, T, C] → softmax(q·kᵀ/√d)·v [B, S, C], heads being contiguous slices of C, d = C / heads wide (Vaswani et al. 2017). */
export function attention(
  graph: GraphBuilder,
  inputs: AttentionInputs,
  options: AttentionOptions,
  form: GraphForm,
): Value {
  const [{ shape }] = inputs;
  const head = (shape[2] ?? 1) / options.heads;
  const isFused = form.attention === 'fused' && head <= form.widestFusedHead;
  return isFused ? fusedAttention(graph, inputs, options) : plainAttention(graph, inputs, options, form.largestScores);
}

/** Never holds S×T. */
function fusedAttention(graph: GraphBuilder, [q, k, v]: AttentionInputs, { heads, causal }: AttentionOptions): Value {
  const [, , channels = 1] = q.shape;
  const scale = { float: 1 / Math.sqrt(channels / heads) };
  const attributes = { num_heads: heads, scale, unidirectional: causal ? 1 : 0 };
  return graph.node('MultiHeadAttention', [q, k, v], q.shape, { attributes, domain: 'com.microsoft' });
}

/** Two products and a softmax. The queries are cut, so that no matrix of scores [B, H, chunk, T] is larger than so many bytes. */
function plainAttention(
  graph: GraphBuilder,
  [q, k, v]: AttentionInputs,
  { heads, causal }: AttentionOptions,
  largestScores: number,
): Value {
  const [batch = 1, queries = 1, channels = 1] = q.shape;
  const keys = k.shape[1] ?? 1;
  const head = channels / heads;
  const apart = (x: Value, order: readonly number[]) => {
    const split = [batch, x.shape[1] ?? 1, heads, head];
    const shape = order.map((axis) => split[axis] ?? 1);
    const reshaped = graph.node('Reshape', [x, graph.ints(split)], split);
    return graph.node('Transpose', [reshaped], shape, { attributes: { perm: order } });
  };
  const scaled = graph.node('Mul', [q, graph.floats([1 / Math.sqrt(head)], [])], q.shape);
  const [ofQueries, ofKeys, values] = [apart(scaled, [0, 2, 1, 3]), apart(k, [0, 2, 3, 1]), apart(v, [0, 2, 1, 3])];
  const rowBytes = batch * heads * keys * (graph.arithmetic === 'float32' ? 4 : 2);
  const chunk = Math.max(1, Math.min(queries, Math.floor(largestScores / rowBytes)));
  const chunks: Value[] = [];
  for (let first = 0; first < queries; first += chunk) {
    const rows = Math.min(chunk, queries - first);
    const part = rows === queries ? ofQueries : slice(graph, ofQueries, first, rows);
    const products = graph.node('MatMul', [part, ofKeys], [batch, heads, rows, keys]);
    const scores = causal ? hideLater(graph, products, first) : products;
    const weights = graph.node('Softmax', [scores], scores.shape, { attributes: { axis: -1 } });
    chunks.push(graph.node('MatMul', [weights, values], [batch, heads, rows, head]));
  }
  const shape = [batch, heads, queries, head];
  const mixed = chunks.length === 1 ? chunks[0] : graph.node('Concat', chunks, shape, { attributes: { axis: 2 } });
  const together = [batch, queries, heads, head];
  const tokens = graph.node('Transpose', [mixed], together, { attributes: { perm: [0, 2, 1, 3] } });
  return graph.node('Reshape', [tokens, graph.ints(q.shape)], q.shape);
}

/** Rows [first, first + rows) of x [B, H, S, d]. */
function slice(graph: GraphBuilder, x: Value, first: number, rows: number): Value {
  const [batch = 1, heads = 1, , head = 1] = x.shape;
  const range = [[first], [first + rows], [2]].map((values) => graph.ints(values));
  return graph.node('Slice', [x, ...range], [batch, heads, rows, head]);
}

/** Below every score, and representable in half precision. */
const HIDDEN = -10_000;

/** Scores [B, H, rows, T] in which query first + i sees the keys 0 … first + i. */
function hideLater(graph: GraphBuilder, scores: Value, first: number): Value {
  const [, , rows = 1, keys = 1] = scores.shape;
  const mask = Array.from({ length: rows * keys }, (_, at) =>
    at % keys <= first + Math.floor(at / keys) ? 0 : HIDDEN,
  );
  return graph.node('Add', [scores, graph.floats(mask, [1, 1, rows, keys])], scores.shape);
}
