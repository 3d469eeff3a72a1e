import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { openCheckpoint } from '../src/checkpoints/open-checkpoint.ts';
import type { Int8Weights } from '../src/components/int8-layers.ts';
import type { BoundGraph, LayersOf } from '../src/components/layers.ts';
import { int8LayersOver, layersOver } from '../src/components/network.ts';
import { parseSdxlConfigs, type SdxlPart, sdxlNetworks } from '../src/families/sdxl-architecture.ts';
import { matrixShape } from '../src/loading/int8-weights.ts';
import { ModelProtoSchema } from '../src/onnx/onnx_pb.ts';
import { cpu } from '../src/runtime/devices/cpu.ts';
import { readTensorList, singleFileTensors } from './full-size-file.ts';
import { writeSafetensors } from './safetensors-files.ts';
import { temporaryFolder } from './temporary-folder.ts';

// What a pass costs hangs on these numbers alone, and they are the same on every machine. A change that is meant is written down here.
test('the graphs of Playground v2.5 at 512×512 have the nodes and the bytes of weights that they had', async () => {
  const path = join(await temporaryFolder(), 'playground-v2.5.safetensors');
  await writeSafetensors(path, singleFileTensors(readTensorList()));
  const { components } = await openCheckpoint(path);
  const { encoders, projector, denoiser, decoder } = sdxlNetworks(parseSdxlConfigs(components));
  const latents = { batch: 1, height: 64, width: 64 };
  const figures = (part: SdxlPart, build: (of: LayersOf) => BoundGraph) => {
    const { tensors } = components[part];
    return {
      exact: figuresOf(build(layersOver(tensors, cpu, '/'))),
      int8: figuresOf(build(int8LayersOver(tensors, anyCodes, cpu, '/'))),
    };
  };
  expect({
    text_encoder: figures('text_encoder', (of) => encoders[0].build({}, of)),
    text_encoder_2: figures('text_encoder_2', (of) => encoders[1].build({}, of)),
    text_projection: figures('unet', (of) => projector.build({ batch: 1, tokens: 77 }, of)),
    unet: figures('unet', (of) => denoiser.build({ ...latents, tokens: 77 }, of)),
    vae_decode: figures('vae', (of) => decoder.build(latents, of)),
  }).toMatchInlineSnapshot(`
    {
      "text_encoder": {
        "exact": {
          "conv": 0,
          "gemm": 66,
          "nodes": 357,
          "products": 0,
          "quantized": 0,
          "weightBytes": 231942144,
          "widened": 178,
        },
        "int8": {
          "conv": 0,
          "gemm": 0,
          "nodes": 335,
          "products": 66,
          "quantized": 44,
          "weightBytes": 154389504,
          "widened": 112,
        },
      },
      "text_encoder_2": {
        "exact": {
          "conv": 0,
          "gemm": 193,
          "nodes": 1036,
          "products": 0,
          "quantized": 0,
          "weightBytes": 1389319680,
          "widened": 517,
        },
        "int8": {
          "conv": 0,
          "gemm": 1,
          "nodes": 972,
          "products": 192,
          "quantized": 128,
          "weightBytes": 761648640,
          "widened": 325,
        },
      },
      "text_projection": {
        "exact": {
          "conv": 0,
          "gemm": 140,
          "nodes": 421,
          "products": 0,
          "quantized": 0,
          "weightBytes": 681574400,
          "widened": 140,
        },
        "int8": {
          "conv": 0,
          "gemm": 140,
          "nodes": 421,
          "products": 0,
          "quantized": 0,
          "weightBytes": 681574400,
          "widened": 140,
        },
      },
      "unet": {
        "exact": {
          "conv": 51,
          "gemm": 673,
          "nodes": 4073,
          "products": 0,
          "quantized": 0,
          "weightBytes": 4453352968,
          "widened": 1680,
        },
        "int8": {
          "conv": 13,
          "gemm": 21,
          "nodes": 4212,
          "products": 696,
          "quantized": 480,
          "weightBytes": 2271801608,
          "widened": 990,
        },
      },
      "vae_decode": {
        "exact": {
          "conv": 36,
          "gemm": 4,
          "nodes": 389,
          "products": 0,
          "quantized": 0,
          "weightBytes": 98980398,
          "widened": 140,
        },
        "int8": {
          "conv": 5,
          "gemm": 0,
          "nodes": 2630,
          "products": 316,
          "quantized": 33,
          "weightBytes": 49769006,
          "widened": 105,
        },
      },
    }
  `);
});

/** 8-bit weights that lie nowhere: their sizes are all that is asked. */
const anyCodes: Int8Weights = {
  files: [],
  bind: (graph, matrix) => {
    const [inputs, outputs] = matrixShape(matrix);
    const external = (name: string, type: 'int8' | 'float32', shape: readonly number[], byteLength: number) =>
      graph.external(name, shape, type, { location: 'codes', offset: 0, byteLength });
    return {
      codes: external(`${matrix.key}:codes`, 'int8', [inputs, outputs], inputs * outputs),
      scales: external(`${matrix.key}:scales`, 'float32', [outputs], 4 * outputs),
    };
  },
};

function figuresOf(built: BoundGraph) {
  const { graph } = fromBinary(ModelProtoSchema, built.toBytes());
  const nodes = graph?.node ?? [];
  const count = (op: string) => nodes.filter(({ opType }) => opType === op).length;
  const external = (graph?.initializer ?? []).flatMap(({ externalData }) =>
    externalData.flatMap(({ key, value }) => (key === 'length' ? [Number(value)] : [])),
  );
  return {
    nodes: nodes.length,
    ...{ gemm: count('Gemm'), conv: count('Conv'), products: count('MatMulIntegerToFloat') },
    ...{ quantized: count('DynamicQuantizeLinear'), widened: count('Cast') },
    weightBytes: external.reduce((sum, bytes) => sum + bytes, 0),
  };
}
