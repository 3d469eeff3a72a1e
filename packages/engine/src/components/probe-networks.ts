import type { ElementType } from '../onnx/elements.ts';
import { GraphBuilder, type Value } from '../onnx/graph-builder.ts';
import { createGenerator } from '../random/torch-generator.ts';
import type { GraphForm } from '../runtime/devices/device.ts';
import { WIDEST_TRIED_HEAD } from '../runtime/devices/probe-steps.ts';
import type { Feeds, TensorValue } from '../runtime/session.ts';
import type { FloatType } from '../weights/element-values.ts';
import type { TensorInfo } from '../weights/safetensors.ts';
import { Layers, residualBlock } from './layers.ts';
import { spatialTransformer } from './unet/spatial-transformer.ts';
import { WeightBinder, type WeightView } from './weight-binder.ts';

/** A small network that tries some layers: it makes its own inputs and weights, and returns its results. */
export type ProbeNetwork = (nn: Layers) => readonly Value[];

// More than the 32 query rows up to which devices have other kernels, and no multiples of the sides of their tiles.
const [PIXELS, CHANNELS, HEADS] = [{ height: 10, width: 14 }, 128, 2];
const TOKENS = PIXELS.height * PIXELS.width;
const TEXT = 77;

/** Together: every form of operator that the networks of a model are made of, which a test compares with those networks. */
export const operatorNetworks = {
  linear: (nn) => {
    const x = tokens(nn, 'x');
    return [
      nn.linear(x, 'biased', 96),
      nn.linear(x, 'plain', 200, { bias: false }),
      nn.linear(x, 'part', 192, { rows: [64, 160] }),
      nn.linear(x, TURNED, 64, { bias: false }),
    ];
  },
  convolution: (nn) => {
    const x = pixels(nn, 'x');
    const few = nn.conv(x, 'few', 4);
    return [
      nn.conv(few, 'many', 64),
      nn.conv(x, 'point', 96, { kernel: 1 }),
      nn.conv(few, 'plain', 8, { bias: false }),
    ];
  },
  'strided convolution': (nn) => {
    const x = pixels(nn, 'x');
    return [
      nn.conv(x, 'around', 64, { stride: 2, pads: [1, 1, 1, 1] }),
      nn.conv(x, 'after', 64, { stride: 2, pads: [0, 0, 1, 1] }),
    ];
  },
  upsampling: (nn) => {
    const x = pixels(nn, 'x');
    return [
      nn.upsampledConv(x, [2 * PIXELS.height, 2 * PIXELS.width], 'doubled', 32),
      nn.upsample(x, 2 * PIXELS.height - 1, 2 * PIXELS.width + 1),
    ];
  },
  'group norm': (nn) => [nn.groupNorm(pixels(nn, 'x'), 'norm', 32, 1e-5)],
  'layer norm': (nn) => [nn.layerNorm(tokens(nn, 'x'), 'norm', 1e-5)],
  activations: (nn) => {
    const x = tokens(nn, 'x');
    const third = nn.graph.node('Div', [x, nn.graph.floats([3], [])], x.shape);
    const simple = ['Tanh', 'Relu'].map((operator) => nn.graph.node(operator, [third], x.shape));
    return [nn.silu(x), nn.quickGelu(x), nn.gelu(x), ...simple];
  },
  attention: (nn) => attentions(nn),
  'causal attention': (nn) => [selfAttention(nn, HEADS, true)],
  embedding: (nn) => {
    const ids = nn.graph.input('ids', [TEXT], 'int64');
    const states = nn.weights.gather('table', [ROWS, CHANNELS], ids);
    const end = nn.graph.input('end', [1], 'int64');
    return [
      nn.add(states, nn.weights.get('positions', [TEXT, CHANNELS])),
      nn.graph.node('Gather', [tokens(nn, 'x'), end], [1, CHANNELS]),
    ];
  },
  shapes: (nn) => {
    const x = pixels(nn, 'x');
    const row = nn.reshape(nn.graph.input('row', [1, CHANNELS]), [1, CHANNELS, 1, 1]);
    return [
      nn.concatChannels(x, nn.multiply(x, row)),
      nn.toPixels(nn.toTokens(nn.add(x, row)), x.shape),
      nn.toTokens(x),
    ];
  },
  'residual block': (nn) => residual(nn),
  'transformer block': (nn) => transformer(nn),
} as const satisfies Readonly<Record<string, ProbeNetwork>>;

/** Every kind of attention, with heads 64 and 128 wide. */
export const attentionNetworks: readonly ProbeNetwork[] = [
  (nn) => attentions(nn),
  (nn) => [selfAttention(nn, HEADS, true), selfAttention(nn, CHANNELS / WIDEST_TRIED_HEAD, true)],
];

/** What a runtime replaces by operators of its own when it optimises a graph, and what stays on the CPU. */
export const convertedNetworks: readonly ProbeNetwork[] = [residual, transformer, operatorNetworks.embedding];

/** What reads weights: a product, a convolution, a norm and a table. */
export const weightsNetwork: ProbeNetwork = (nn) => [
  ...operatorNetworks.linear(nn),
  nn.conv(pixels(nn, 'pixels'), 'conv', 32),
  ...operatorNetworks['layer norm'](nn),
  nn.weights.gather('table', [ROWS, CHANNELS], nn.graph.input('ids', [TEXT], 'int64')),
];

/** The sums that are longest in SDXL's UNet: of 5120 terms in a product, of 11520 in a convolution. They show how a device accumulates. */
export const longSums: ProbeNetwork = (nn) => [
  nn.linear(nn.graph.input('long', [TEXT, 5120]), 'linear', 64),
  nn.conv(nn.graph.input('deep', [1, 1280, 8, 8]), 'conv', 32),
];

/** Products one after another, so that their time is not that of getting the input there. */
export function productChain(side: number, length: number): ProbeNetwork {
  return (nn) => {
    let x = nn.graph.input('x', [side, side]);
    for (let link = 0; link < length; link++) x = nn.linear(x, 'matrix', side, { bias: false });
    return [nn.linear(x, 'last', 8, { bias: false })];
  };
}

/** Of itself and of a text, with narrow heads and with one head as wide as all channels, which the VAE has. */
function attentions(nn: Layers): Value[] {
  const text = (name: string) => nn.graph.input(name, [TEXT, CHANNELS]);
  const crossing = nn.attention(tokens(nn, 'q'), text('text:k'), text('text:v'), { batch: 1, heads: HEADS });
  return [selfAttention(nn, HEADS), selfAttention(nn, 1), crossing];
}

function residual(nn: Layers): readonly Value[] {
  const timeEmbedding = nn.graph.input('time', [1, CHANNELS]);
  return [residualBlock(nn, pixels(nn, 'x'), 'block', 64, { groups: 32, epsilon: 1e-5, timeEmbedding })];
}

function transformer(nn: Layers): readonly Value[] {
  const { graph } = nn;
  const ofText = { keys: graph.input('keys', [TEXT, CHANNELS]), values: graph.input('values', [TEXT, CHANNELS]) };
  const text = new Map([['block.transformer_blocks.0.attn2', ofText]]);
  return [spatialTransformer(nn, pixels(nn, 'x'), 'block', { groups: 32, heads: HEADS, depth: 1, text })];
}

function selfAttention(nn: Layers, heads: number, causal = false): Value {
  return nn.attention(tokens(nn, 'q'), tokens(nn, 'k'), tokens(nn, 'v'), { batch: 1, heads, causal });
}

/** A layer whose weight is stored as [in, out]. */
const TURNED = 'turned';

/** The rows of the table, and the indices of rows that inputs of whole numbers have. */
const ROWS = 64;

function tokens({ graph }: Layers, name: string): Value {
  return graph.input(name, [TOKENS, CHANNELS]);
}

function pixels({ graph }: Layers, name: string): Value {
  return graph.input(name, [1, CHANNELS, PIXELS.height, PIXELS.width]);
}

/** The network as a graph with its weights in it, and what its inputs are fed. @param stored the type of its weights */
export function probeGraph(build: ProbeNetwork, form: GraphForm, stored: FloatType = 'F32') {
  const shapes = new WeightShapes(form.arithmetic);
  build(new Layers(new SampleGraph(form.arithmetic), shapes, form));
  const graph = new SampleGraph(form.arithmetic);
  const tensors = new Map([...shapes.found].map(([name, shape]) => [name, tensorOf(name, shape, stored)]));
  const results = build(new Layers(graph, new WeightBinder(graph, tensors, '/', form), form));
  for (const [index, result] of results.entries()) graph.output(`y${index}`, result);
  return { graph, feeds: graph.feeds, outputs: results.map((_, index) => `y${index}`) };
}

function tensorOf(name: string, shape: readonly number[], dtype: FloatType): TensorInfo {
  const transposed = name === `${TURNED}.weight`;
  return { file: '/sample', dtype, shape, offset: 0, byteLength: elements(shape), transposed };
}

/** Notes the shapes of weights, which a network names only while it is built. */
class WeightShapes extends WeightBinder {
  readonly found = new Map<string, readonly number[]>();

  constructor(arithmetic: GraphForm['arithmetic']) {
    super(new GraphBuilder('shapes', arithmetic), new Map(), '/', { stored: [] });
  }

  override get(name: string, shape: readonly number[], { rows, as }: WeightView = {}): Value {
    this.found.set(name, shape);
    return { name, shape: as ?? (rows ? [rows[1] - rows[0], ...shape.slice(1)] : shape) };
  }

  override gather(name: string, shape: readonly number[], indices: Value): Value {
    this.found.set(name, shape);
    return { name, shape: [...indices.shape, ...shape.slice(1)] };
  }
}

/** A graph that holds what would be in weight files, and has something for each of its inputs. The same at every call, on every machine. */
class SampleGraph extends GraphBuilder {
  readonly #inputs = new Map<string, Value>();
  readonly #feeds: Record<string, Float32Array | TensorValue> = {};

  constructor(arithmetic: GraphForm['arithmetic']) {
    super('probe', arithmetic);
  }

  get feeds(): Feeds {
    return this.#feeds;
  }

  /** The same input again for the same name. */
  override input(name: string, shape: readonly number[], type: ElementType = 'float32'): Value {
    const known = this.#inputs.get(name);
    if (known) return known;
    const value = super.input(name, shape, type);
    this.#inputs.set(name, value);
    const indices = () => BigInt64Array.from({ length: elements(shape) }, (_, at) => BigInt((7 + 13 * at) % ROWS));
    this.#feeds[name] = type === 'int64' ? { data: indices(), shape } : sampleOf(name, elements(shape));
    return value;
  }

  /** Matrices of a size that leaves the size of what they multiply as it is. */
  override external(name: string, shape: readonly number[], type: ElementType): Value {
    const terms = elements(shape.slice(1));
    const values = sampleOf(name, elements(shape)).map((value) => value / Math.sqrt(terms));
    return this.stored(name, shape, type, bytesOf(values, type));
  }
}

/** Standard normals. */
function sampleOf(name: string, count: number): Float32Array {
  const seed = [...name].reduce((hash, letter) => (31 * hash + (letter.codePointAt(0) ?? 0)) % 2 ** 31, 7);
  return createGenerator(seed).randn(count);
}

function bytesOf(values: Float32Array, type: ElementType): Uint8Array {
  const bytes = ({ buffer }: { readonly buffer: ArrayBuffer }) => new Uint8Array(buffer);
  switch (type) {
    case 'float16':
      return bytes(Float16Array.from(values));
    case 'float64':
      return bytes(Float64Array.from(values));
    case 'bfloat16':
      return bytes(Uint16Array.from(new Uint32Array(Float32Array.from(values).buffer), (bits) => bits >>> 16));
    default:
      return bytes(Float32Array.from(values));
  }
}

function elements(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}
