import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openCheckpoint } from '../../src/checkpoints/open-checkpoint.ts';
import { Layers, type LayersOf } from '../../src/components/layers.ts';
import { layersOver } from '../../src/components/network.ts';
import { buildTinyDecoder } from '../../src/components/tiny-vae/graph.ts';
import { parseSdxlConfigs, sdxlNetworks } from '../../src/families/sdxl-architecture.ts';
import type { GraphBuilder } from '../../src/onnx/graph-builder.ts';
import { ModelProtoSchema } from '../../src/onnx/onnx_pb.ts';
import { cpu } from '../../src/runtime/devices/cpu.ts';
import type { GraphForm } from '../../src/runtime/devices/device.ts';
import { deviceKinds } from '../../src/runtime/devices/devices.ts';
import { floatTypes } from '../../src/weights/element-values.ts';
import type { TensorTable } from '../../src/weights/safetensors.ts';
import { fixturePath } from '../fixtures.ts';
import { type LayerForm, layerForms, namedForms } from './layer-forms.ts';
import { formDistance, runLayerForms } from './run-layer-forms.ts';
import { readWeights, writeWeights } from './stored-weights.ts';

/** Of float32, relative (L2). Measured: 4e-6 for a norm of values far from zero, 1e-6 otherwise. */
const TOLERANCE = 1e-5;
/** Of float16 where products are summed in float32, as on the CPU. Measured: 5e-4. */
const HALF_TOLERANCE = 2e-3;

const all = [...namedForms.keys()];
const withWeights = all.filter((name) => namedForms.get(name)?.weights !== undefined);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'easel-layers-'));
  for (const dtype of floatTypes) await writeWeights(join(folder, `${dtype}.safetensors`), dtype);
});
afterAll(() => rm(folder, { recursive: true }));

describe('the table of layers', () => {
  test.each(Object.entries(layerForms))('has forms of %s, and each uses it', (layer, forms) => {
    const isMethod = layer !== 'gather' && layer !== 'operators';
    for (const [name, each] of Object.entries(forms)) {
      const { methods } = built(each);
      expect(isMethod ? [...methods] : [layer], name).toContain(layer);
    }
    expect(Object.keys(forms)).not.toEqual([]);
  });

  test('lacks no method of Layers', () => {
    // `ownLinear` and its like are the parts of `linear` and its like that a subclass replaces.
    const methods = Object.getOwnPropertyNames(Layers.prototype).filter(
      (name) => !/^constructor$|^own[A-Z]/.test(name),
    );
    expect(methods.filter((name) => !Object.hasOwn(layerForms, name))).toEqual([]);
  });

  test.each(Object.values(deviceKinds))('lacks no operator that a network has on $name', async ({ form }) => {
    const known = new Set([...namedForms.values()].flatMap((each) => operators(built(each, form).graph)));
    const { components } = await openCheckpoint(fixturePath('model'));
    const { encoders, denoiser, projector, decoder, encoder } = sdxlNetworks(parseSdxlConfigs(components));
    const of = (name: string) => layersOf(form)(name);
    const pixels = { batch: 1, height: 8, width: 8 };
    const latents = { ...pixels, tokens: 77 };
    const graphs = [
      ...encoders.map(({ build }) => build({}, of)),
      denoiser.build(latents, of),
      denoiser.build({ ...latents, form: { half: 'deep', branch: 1, crossAttention: 'told' } }, of),
      denoiser.build({ ...latents, form: { half: 'shallow', branch: 1, crossAttention: 'given' } }, of),
      projector.build({ batch: 1, tokens: 77 }, of),
      decoder.build(pixels, of),
      encoder.build({ batch: 1, height: 64, width: 64 }, of),
      buildTinyDecoder({ latentChannels: 4, width: 8 }, pixels, of),
    ];
    expect(graphs.flatMap(operators).filter((operator) => !known.has(operator))).toEqual([]);
  });
});

test.each(floatTypes)('weights in %s are read by WebGPU as they are stored, or converted on the CPU', async (dtype) => {
  const isRead = dtype === 'F32' || dtype === 'F16';
  for (const name of withWeights) {
    const each = namedForms.get(name);
    if (!each) throw new Error(`there is no form ${name}`);
    const tensors = await readWeights(join(folder, `${dtype}.safetensors`), name, each);
    const { graph } = built(each, deviceKinds.webgpu.form, tensors);
    const isVocabulary = name.startsWith('gather');
    expect(graph.foldsWeights, name).toBe(!isRead && !isVocabulary);
    expect(graph.cpuNodes.length > 0, name).toBe(!isRead && isVocabulary);
  }
});

describe('on the CPU', () => {
  test.each(Object.values(deviceKinds))('the layers of $name compute what those of the CPU do', async ({ form }) => {
    for (const result of await runLayerForms({ ...cpu, form }, { names: all, dtype: 'F16', folder }))
      expect(formDistance(result), result.name).toBeLessThanOrEqual(TOLERANCE);
  });

  test.each(floatTypes)(
    'layers in half precision are near those in full precision, of weights in %s',
    async (dtype) => {
      for (const form of [deviceKinds.webgpu.form, deviceKinds.cuda.form, deviceKinds.directml.form]) {
        const half = { ...cpu, form: { ...form, arithmetic: 'float16' } as const };
        for (const result of await runLayerForms(half, { names: dtype === 'F16' ? all : withWeights, dtype, folder }))
          expect(formDistance(result), result.name).toBeLessThanOrEqual(HALF_TOLERANCE);
      }
    },
  );
});

function layersOf(form: GraphForm, tensors: TensorTable = new Map()): LayersOf {
  return layersOver(tensors, { ...cpu, form }, '/', { onProblem: () => undefined });
}

/** A form's graph, and the methods of Layers that it calls. */
function built(each: LayerForm, form: GraphForm = cpu.form, tensors?: TensorTable) {
  const methods = new Set<string>();
  const nn = layersOf({ ...form, ...each.form }, tensors)('form');
  const watched = new Proxy(nn, {
    get(target, name) {
      const value = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      methods.add(String(name));
      return value.bind(target);
    },
  });
  const inputs = each.inputs.map((shape, index) => nn.graph.input(`x${index}`, shape));
  if (each.ids) inputs.push(nn.graph.input('ids', [each.ids.length], 'int64'));
  nn.graph.output('y', each.build(watched, ...inputs));
  return { graph: nn.graph, methods };
}

function operators(graph: Pick<GraphBuilder, 'toBytes'>): string[] {
  const nodes = fromBinary(ModelProtoSchema, graph.toBytes()).graph?.node ?? [];
  return nodes.map(({ domain, opType }) => `${domain}.${opType}`);
}
