import type { Layers } from '../../src/components/layers.ts';
import type { Value } from '../../src/onnx/graph-builder.ts';
import type { GraphForm } from '../../src/runtime/devices/device.ts';

/** One way in which networks use a layer, as a graph of its own. */
export interface LayerForm {
  /** By name; an input `ids` holds tokens. */
  readonly inputs: readonly (readonly number[])[];
  readonly ids?: readonly number[];
  /** Those of the layer `layer`, by what they are. */
  readonly weights?: Readonly<Record<string, readonly number[]>>;
  /** The weight is stored as [in, out]. */
  readonly transposed?: boolean;
  /** The factor of the stored weight, whose values are about 100, as those of 8-bit floats are. */
  readonly scale?: number;
  /** What differs from the device's own form. */
  readonly form?: Partial<GraphForm>;
  readonly build: (nn: Layers, ...inputs: readonly Value[]) => Value;
}

type Methods<T> = { [Key in keyof T]: T[Key] extends (...args: never[]) => unknown ? Key : never }[keyof T];

/** All methods of `Layers`, and what networks use besides them. */
export type LayerName = Methods<Layers> | 'gather' | 'operators';

const pixels = [2, 12, 9, 11];
const tokens = [50, 48];
const linear = { weight: [40, 48], bias: [40] };
const conv = { weight: [10, 12, 3, 3], bias: [10] };
const norm = { weight: [12], bias: [12] };
const wide = [45, 512];
const plainActivations: Partial<GraphForm> = { activations: 'plain' };

/** [B·S, C] by itself, cut into heads. */
const selfAttention = (shape: readonly number[], heads: number, batch = 1, causal = false): LayerForm => ({
  inputs: [shape, shape, shape],
  build: (nn, q, k, v) => nn.attention(q, k, v, { batch, heads, causal }),
});

/** Seven rows of scores at a time: not a divisor of the number of rows. */
const inChunks = (form: LayerForm, heads: number, keys: number): LayerForm => ({
  ...form,
  form: { largestScores: 7 * 4 * heads * keys },
});

const vocabulary: LayerForm = {
  inputs: [],
  ids: [3, 0, 29, 3, 17],
  weights: { weight: [30, 20] },
  build: (nn, ids) => nn.weights.gather('layer.weight', [30, 20], ids),
};

/** Sizes are small, odd, and differ in every dimension, so that none can stand for another. */
export const layerForms: Readonly<Record<LayerName, Readonly<Record<string, LayerForm>>>> = {
  linear: {
    'with a bias': { inputs: [tokens], weights: linear, build: (nn, x) => nn.linear(x, 'layer', 40) },
    'without a bias': {
      inputs: [tokens],
      weights: linear,
      build: (nn, x) => nn.linear(x, 'layer', 40, { bias: false }),
    },
    'some of its rows': {
      inputs: [tokens],
      weights: linear,
      build: (nn, x) => nn.linear(x, 'layer', 40, { rows: [8, 33] }),
    },
    'two views of a weight': {
      inputs: [tokens],
      weights: linear,
      build: (nn, x) =>
        nn.multiply(nn.linear(x, 'layer', 40, { rows: [0, 20] }), nn.linear(x, 'layer', 40, { rows: [20, 40] })),
    },
    'stored transposed': {
      inputs: [tokens],
      weights: linear,
      transposed: true,
      build: (nn, x) => nn.linear(x, 'layer', 40, { bias: false }),
    },
    'of scaled weights': {
      inputs: [tokens],
      weights: linear,
      scale: 0.03125,
      build: (nn, x) => nn.linear(x, 'layer', 40),
    },
    'of weights with a small factor': {
      inputs: [tokens],
      weights: linear,
      scale: 3e-6,
      build: (nn, x) => nn.linear(x, 'layer', 40, { bias: false }),
    },
    'of one row': { inputs: [[1, 48]], weights: linear, build: (nn, x) => nn.linear(x, 'layer', 40) },
    'of many terms': {
      inputs: [[3, 2048]],
      weights: { weight: [16, 2048], bias: [16] },
      build: (nn, x) => nn.linear(x, 'layer', 16),
    },
  },
  conv: {
    '3×3': { inputs: [pixels], weights: conv, build: (nn, x) => nn.conv(x, 'layer', 10) },
    'without a bias': { inputs: [pixels], weights: conv, build: (nn, x) => nn.conv(x, 'layer', 10, { bias: false }) },
    '1×1': {
      inputs: [pixels],
      weights: { weight: [10, 12, 1, 1], bias: [10] },
      build: (nn, x) => nn.conv(x, 'layer', 10, { kernel: 1 }),
    },
    'halving, padded on all sides': {
      inputs: [pixels],
      weights: conv,
      build: (nn, x) => nn.conv(x, 'layer', 10, { stride: 2, pads: [1, 1, 1, 1] }),
    },
    'halving, padded on two sides': {
      inputs: [[1, 12, 10, 14]],
      weights: conv,
      build: (nn, x) => nn.conv(x, 'layer', 10, { stride: 2, pads: [0, 0, 1, 1] }),
    },
    'to one channel': {
      inputs: [pixels],
      weights: { weight: [1, 12, 3, 3], bias: [1] },
      build: (nn, x) => nn.conv(x, 'layer', 1),
    },
    'from four channels, as of latents': {
      inputs: [[1, 4, 16, 16]],
      weights: { weight: [32, 4, 3, 3], bias: [32] },
      build: (nn, x) => nn.conv(x, 'layer', 32),
    },
    'of scaled weights': { inputs: [pixels], weights: conv, scale: 0.03125, build: (nn, x) => nn.conv(x, 'layer', 10) },
  },
  groupNorm: {
    'of three groups': { inputs: [pixels], weights: norm, build: (nn, x) => nn.groupNorm(x, 'layer', 3, 1e-5) },
    'of one group': { inputs: [pixels], weights: norm, build: (nn, x) => nn.groupNorm(x, 'layer', 1, 1e-6) },
    'of a group a channel': { inputs: [pixels], weights: norm, build: (nn, x) => nn.groupNorm(x, 'layer', 12, 1e-5) },
    'of values as small as two epsilons': {
      inputs: [pixels],
      weights: norm,
      build: (nn, x) => {
        const small = nn.multiply(x, nn.graph.floats([1e-3], []));
        return nn.add(nn.groupNorm(small, 'layer', 3, 1e-5), nn.groupNorm(small, 'layer', 3, 1e-6));
      },
    },
    'of values far from zero': {
      inputs: [pixels],
      weights: norm,
      build: (nn, x) => nn.groupNorm(nn.add(x, nn.graph.floats([8], [])), 'layer', 3, 1e-5),
    },
  },
  layerNorm: {
    'of tokens': {
      inputs: [tokens],
      weights: { weight: [48], bias: [48] },
      build: (nn, x) => nn.layerNorm(x, 'layer', 1e-5),
    },
    'of an odd width': {
      inputs: [[7, 33]],
      weights: { weight: [33], bias: [33] },
      build: (nn, x) => nn.layerNorm(x, 'layer', 1e-5),
    },
  },
  silu: {
    'of pixels': { inputs: [pixels], build: (nn, x) => nn.silu(x) },
    'of its parts': { inputs: [pixels], form: plainActivations, build: (nn, x) => nn.silu(x) },
  },
  quickGelu: {
    'of tokens': { inputs: [tokens], build: (nn, x) => nn.quickGelu(x) },
    'of its parts': { inputs: [tokens], form: plainActivations, build: (nn, x) => nn.quickGelu(x) },
  },
  gelu: {
    'of tokens': { inputs: [tokens], build: (nn, x) => nn.gelu(x) },
    'of its parts': { inputs: [tokens], form: plainActivations, build: (nn, x) => nn.gelu(x) },
  },
  attention: {
    'of tokens by themselves': selfAttention([70, 48], 3),
    'of a batch': selfAttention([2 * 45, 48], 3, 2),
    'of a text, causal': selfAttention([77, 48], 3, 1, true),
    'of one head of 512, as in the VAE': selfAttention(wide, 1),
    'in chunks': inChunks(selfAttention([45, 48], 3), 3, 45),
    'in chunks, of a batch': inChunks(selfAttention([2 * 45, 48], 3, 2), 2 * 3, 45),
    'in chunks, causal': inChunks(selfAttention([45, 48], 3, 1, true), 3, 45),
    'in chunks, of one wide head': inChunks(selfAttention(wide, 1), 1, 45),
    'row by row': { ...selfAttention([9, 48], 3), form: { largestScores: 1 } },
    'of pixels by a text': {
      inputs: [
        [2 * 40, 48],
        [2 * 77, 48],
        [2 * 77, 48],
      ],
      build: (nn, q, k, v) => nn.attention(q, k, v, { batch: 2, heads: 3 }),
    },
    'of few rows': selfAttention([5, 48], 3),
  },
  toTokens: { 'of a batch': { inputs: [pixels], build: (nn, x) => nn.toTokens(x) } },
  toPixels: { 'of a batch': { inputs: [[2 * 9 * 11, 12]], build: (nn, x) => nn.toPixels(x, pixels) } },
  upsample: {
    'to twice the size': { inputs: [pixels], build: (nn, x) => nn.upsample(x, 18, 22) },
    'to odd sizes': { inputs: [pixels], build: (nn, x) => nn.upsample(x, 17, 21) },
    'to a size that is double in one direction': { inputs: [pixels], build: (nn, x) => nn.upsample(x, 18, 21) },
  },
  upsampledConv: {
    'twice the size': { inputs: [pixels], weights: conv, build: (nn, x) => nn.upsampledConv(x, [18, 22], 'layer', 10) },
    'odd sizes': { inputs: [pixels], weights: conv, build: (nn, x) => nn.upsampledConv(x, [17, 21], 'layer', 10) },
  },
  concatChannels: {
    'of unequal parts': {
      inputs: [pixels, [2, 5, 9, 11]],
      build: (nn, a, b) => nn.concatChannels(a, b),
    },
  },
  add: {
    'of equal shapes': { inputs: [tokens, tokens], build: (nn, a, b) => nn.add(a, b) },
    'of a value a channel': { inputs: [pixels, [2, 12, 1, 1]], build: (nn, a, b) => nn.add(a, b) },
  },
  multiply: {
    'of equal shapes': { inputs: [tokens, tokens], build: (nn, a, b) => nn.multiply(a, b) },
    'by one value': { inputs: [tokens], build: (nn, x) => nn.multiply(x, nn.graph.floats([0.37], [])) },
  },
  reshape: { 'to other sides': { inputs: [pixels], build: (nn, x) => nn.reshape(x, [24, 99]) } },
  transpose: { 'of four sides': { inputs: [pixels], build: (nn, x) => nn.transpose(x, [2, 0, 3, 1]) } },
  gather: {
    'rows of a vocabulary': vocabulary,
    'rows of a scaled vocabulary': { ...vocabulary, scale: 3e-6 },
  },
  operators: {
    'a row of a result': {
      inputs: [tokens],
      ids: [49],
      build: (nn, x, end) => nn.graph.node('Gather', [x, end], [1, 48]),
    },
    'tanh, of quotients': {
      inputs: [pixels],
      build: (nn, x) => nn.graph.node('Tanh', [nn.graph.node('Div', [x, nn.graph.floats([3], [])], x.shape)], x.shape),
    },
    relu: { inputs: [pixels], build: (nn, x) => nn.graph.node('Relu', [x], x.shape) },
  },
};

/** All of them, by names such as `conv: 3×3`. */
export const namedForms: ReadonlyMap<string, LayerForm> = new Map(
  Object.entries(layerForms).flatMap(([layer, forms]) =>
    Object.entries(forms).map(([name, form]) => [`${layer}: ${name}`, form] as const),
  ),
);
