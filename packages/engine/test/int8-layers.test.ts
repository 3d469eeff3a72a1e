import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Int8MatrixSpec, Int8Weights } from '../src/components/int8-layers.ts';
import type { Layers } from '../src/components/layers.ts';
import { int8LayersOver, layersOver } from '../src/components/network.ts';
import type { ConvOptions, LinearOptions } from '../src/components/operators.ts';
import { quantizeInMemory } from '../src/loading/int8-weights.ts';
import type { Value } from '../src/onnx/graph-builder.ts';
import { createGenerator } from '../src/random/torch-generator.ts';
import { cpu } from '../src/runtime/devices/cpu.ts';
import type { SessionProfile } from '../src/runtime/devices/device.ts';
import { createSession } from '../src/runtime/session.ts';
import { LARGEST_CODE } from '../src/weights/int8-codes.ts';
import { readSafetensors } from '../src/weights/safetensors.ts';
import { float32Bytes } from './checkpoint-forms.ts';
import { writeSafetensors } from './safetensors-files.ts';
import { temporaryFolder } from './temporary-folder.ts';

interface Case {
  readonly x: readonly number[];
  readonly weight: readonly number[];
  readonly options?: LinearOptions & ConvOptions;
  /** The height and width that the input of a convolution is scaled to first. */
  readonly scaled?: readonly [number, number];
}

const linear = { x: [50, 96], weight: [40, 96] };
const conv = { x: [1, 12, 9, 11], weight: [10, 12, 3, 3] };
const cases: readonly (readonly [string, Case])[] = [
  ['a linear layer', linear],
  ['a linear layer without bias', { ...linear, options: { bias: false } }],
  ['some outputs of a linear layer', { ...linear, options: { rows: [8, 32] } }],
  ['a convolution, odd sizes', conv],
  ['a convolution of a batch', { ...conv, x: [2, 12, 8, 6] }],
  ['a convolution that halves', { ...conv, x: [1, 12, 8, 10], options: { stride: 2, pads: [1, 1, 1, 1] } }],
  ['a convolution that halves, padded on two sides', { ...conv, options: { stride: 2, pads: [0, 0, 1, 1] } }],
  ['a 1×1 convolution', { x: [2, 12, 5, 7], weight: [10, 12, 1, 1], options: { kernel: 1 } }],
  ['a convolution of a picture twice as large', { ...conv, scaled: [18, 22] }],
  ['a convolution of a batch of pictures scaled to odd sizes', { ...conv, x: [2, 12, 5, 6], scaled: [11, 9] }],
  [
    'a convolution of a larger picture in several bands',
    { x: [1, 256, 45, 45], weight: [4, 256, 3, 3], scaled: [90, 90] },
  ],
  ['a convolution in several bands', { x: [1, 256, 90, 90], weight: [4, 256, 3, 3] }],
  ['a halving convolution in several bands', { x: [1, 256, 173, 173], weight: [4, 256, 3, 3], options: { stride: 2 } }],
];

describe.each(cases)('%s in 8 bits', (_, layer) => {
  const { x, weight } = layer;

  test('equals float32 exactly where inputs and weights are on the steps of 8 bits', async () => {
    // Weights k/64 with the largest 63/64: steps of 1/64. Inputs 0…255, both ends among them: steps of 1. Sums are whole 64ths below 2²⁴.
    const codes = integers(count(weight), -63, 63, 1);
    for (let row = 0; row < weight[0]; row++) codes[row * (count(weight) / weight[0])] = 63;
    const inputs = integers(count(x), 0, 255, 2);
    inputs.set([0, 255]);
    const values = codes.map((code) => code / 64);
    const { exact, int8 } = await bothWays(layer, inputs, values, integers(weight[0], -9, 9, 3));
    expect(int8.every((value, index) => value === exact[index])).toBe(true);
  });

  test('differs from float32 by no more than the rounding of its inputs and weights allows, packed or not', async () => {
    const { randn } = createGenerator(4);
    const [inputs, values, bias] = [randn(count(x)), randn(count(weight)), randn(weight[0])];
    const { exact, int8, packed, most } = await bothWays(layer, inputs, values, bias);
    expect(packed).toEqual(int8);
    let [worst, error, size] = [0, 0, 0];
    int8.forEach((value, index) => {
      worst = Math.max(worst, Math.abs(value - exact[index]));
      error += (value - exact[index]) ** 2;
      size += exact[index] ** 2;
    });
    expect(worst).toBeLessThanOrEqual(most);
    expect(Math.sqrt(error / size)).toBeLessThanOrEqual(0.025);
  });
});

test('a text, or one row, that is all zeros gives the bias alone', async () => {
  const bias = integers(40, -9, 9, 5);
  const { int8 } = await bothWays(
    linear,
    new Float32Array(count(linear.x)),
    integers(count(linear.weight), -5, 5, 6),
    bias,
  );
  expect(int8.every((value, index) => value === bias[index % 40])).toBe(true);
});

/** The layer in float32 and in 8 bits, and how far these may be apart. */
async function bothWays(
  { x, weight, options, scaled }: Case,
  inputs: Float32Array,
  values: Float32Array,
  bias: Float32Array,
) {
  const folder = await temporaryFolder();
  const path = join(folder, 'layer.safetensors');
  await writeSafetensors(path, [
    { name: 'layer.weight', dtype: 'F32', shape: weight, bytes: float32Bytes([...values]) },
    { name: 'layer.bias', dtype: 'F32', shape: [weight[0]], bytes: float32Bytes([...bias]) },
  ]);
  const tensors = await readSafetensors(path);
  const rows = options?.rows ?? [0, weight[0]];
  const key = options?.rows ? `layer.weight[${rows[0]}:${rows[1]}]` : 'layer.weight';
  const matrix: Int8MatrixSpec = { key, tensor: 'layer.weight', shape: weight, rows };
  const codes = await quantizeInMemory(new Map([[key, matrix]]), tensors);
  const build = (nn: Layers, value: Value) => {
    if (weight.length === 2) return nn.linear(value, 'layer', weight[0], options);
    if (scaled) return nn.upsampledConv(value, scaled, 'layer', weight[0]);
    return nn.conv(value, 'layer', weight[0], options);
  };
  const run = async (int8: Int8Weights | undefined, weights: SessionProfile['weights'] = 'mapped') => {
    const layersOf = int8 ? int8LayersOver(tensors, int8, cpu, folder) : layersOver(tensors, cpu, folder);
    const nn = layersOf('layer');
    const { graph } = nn;
    graph.output('y', build(nn, graph.input('x', x)));
    const profile = { weightFolder: folder, threads: 1, weights };
    const session = await createSession(graph, cpu, profile);
    try {
      return (await session.run({ x: { data: inputs, shape: x } })).y;
    } finally {
      await session.release();
    }
  };
  const [exact, int8, packed] = [await run(undefined), await run(codes), await run(codes, 'packed')];
  return { exact, int8, packed, most: mostError(inputs, values, weight) };
}

/** |Σ x·w − Σ x'·w'| ≤ Σ |x|·s_w/2 + |w|·s_x/2 + s_x·s_w/4, taken at the largest values of all; one more for the rounding of float32. */
function mostError(inputs: Float32Array, values: Float32Array, weight: readonly number[]): number {
  const terms = count(weight) / weight[0];
  const largestInput = inputs.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const largestWeight = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const stepOfInputs = (inputs.reduce((a, b) => Math.max(a, b), 0) - inputs.reduce((a, b) => Math.min(a, b), 0)) / 255;
  const stepOfWeights = largestWeight / LARGEST_CODE;
  const each = (largestInput * stepOfWeights + largestWeight * stepOfInputs + (stepOfInputs * stepOfWeights) / 2) / 2;
  return terms * (each + 1e-6 * largestInput * largestWeight);
}

function integers(length: number, least: number, most: number, seed: number): Float32Array {
  const { randn } = createGenerator(seed);
  return randn(length).map((value) => least + (Math.floor(Math.abs(value) * 1e4) % (most - least + 1)));
}

function count(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}
