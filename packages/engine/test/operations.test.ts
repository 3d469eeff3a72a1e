import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openCheckpoint } from '../src/checkpoints/open-checkpoint.ts';
import type { Layers } from '../src/components/layers.ts';
import { allOperations, type Operations, operationKinds, operationsOf } from '../src/components/operations.ts';
import { parseSdxlConfigs, sdxlNetworks } from '../src/families/sdxl-architecture.ts';
import type { Value } from '../src/onnx/graph-builder.ts';
import { sdxlPass } from '../src/precision-probe.ts';
import { readTensorList, singleFileTensors } from './full-size-file.ts';
import { writeSafetensors } from './safetensors-files.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** A network of one layer of an input [1, 6, 8, 10], or of as many tokens. */
function oneLayer(layer: (nn: Layers, pixels: Value, tokens: Value) => Value) {
  return operationsOf((of) => {
    const nn = of('one');
    const { graph } = nn;
    const pixels = graph.input('x', [1, 6, 8, 10]);
    graph.output('y', layer(nn, pixels, graph.input('tokens', [80, 6])));
    return graph;
  });
}

const none = { linear: 0, conv: 0, floatLinear: 0, floatConv: 0, attention: 0 };

describe('a layer', () => {
  test('linear: two for each weight and row', () => {
    expect(oneLayer((nn, _, tokens) => nn.linear(tokens, 'to_q', 12))).toEqual({ ...none, linear: 2 * 80 * 6 * 12 });
    const rows = oneLayer((nn, _, tokens) => nn.linear(tokens, 'proj', 12, { rows: [4, 9] }));
    expect(rows).toEqual({ ...none, linear: 2 * 80 * 6 * 5 });
  });

  test('convolution: two for each weight and pixel of the result', () => {
    expect(oneLayer((nn, pixels) => nn.conv(pixels, 'conv1', 4))).toEqual({ ...none, conv: 2 * 80 * 4 * 6 * 9 });
    const halved = oneLayer((nn, pixels) => nn.conv(pixels, 'conv', 4, { stride: 2 }));
    expect(halved).toEqual({ ...none, conv: 2 * 4 * 5 * 4 * 6 * 9 });
    const single = oneLayer((nn, pixels) => nn.conv(pixels, 'proj_in', 4, { kernel: 1 }));
    expect(single).toEqual({ ...none, conv: 2 * 80 * 4 * 6 });
  });

  test('attention: scores and mixing, by the text or by the picture itself', () => {
    const self = oneLayer((nn, _, x) => nn.attention(x, x, x, { batch: 1, heads: 2 }));
    expect(self).toEqual({ ...none, attention: 4 * 80 * 80 * 6 });
    const two = oneLayer((nn, _, x) => nn.attention(x, x, x, { batch: 2, heads: 2 }));
    expect(two).toEqual({ ...none, attention: 4 * 80 * 40 * 6 });
  });

  test('layers that int8 leaves in float32 are counted apart', () => {
    const shortcut = oneLayer((nn, pixels) => nn.conv(pixels, 'resnets.0.conv_shortcut', 4, { kernel: 1 }));
    expect(shortcut).toEqual({ ...none, floatConv: 2 * 80 * 4 * 6 });
    expect(oneLayer((nn, _, x) => nn.linear(x, 'time_embedding.linear_1', 3))).toEqual({
      ...none,
      floatLinear: 2 * 80 * 6 * 3,
    });
  });
});

test('a pass of Playground v2.5 has the arithmetic that SDXL is known for: 6.0 TFLOP and attention at 1024×1024', async () => {
  const path = join(await temporaryFolder(), 'playground-v2.5.safetensors');
  await writeSafetensors(path, singleFileTensors(readTensorList()));
  const { denoiser, decoder } = sdxlNetworks(parseSdxlConfigs((await openCheckpoint(path)).components));
  const latents = { batch: 1, height: 128, width: 128 };
  const unet = operationsOf((of) => denoiser.build({ ...latents, tokens: 77 }, of));
  expect(tera(unet)).toEqual({ ...sdxlPass, all: 6.71 });
  const vae = operationsOf((of) => decoder.build(latents, of));
  expect(tera(vae)).toMatchInlineSnapshot(`
    {
      "all": 10.47,
      "attention": 0.55,
      "conv": 9.74,
      "floatConv": 0.15,
      "floatLinear": 0,
      "linear": 0.03,
    }
  `);
});

function tera(operations: Operations) {
  const inTera = (value: number) => Number((value / 1e12).toFixed(2));
  return {
    ...Object.fromEntries(operationKinds.map((kind) => [kind, inTera(operations[kind])])),
    all: inTera(allOperations(operations)),
  };
}
