import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { demoModelPath } from '@easel/demo-model';
import { expect, test } from 'vitest';
import { openCheckpoint } from '../src/checkpoints/open-checkpoint.ts';
import type { BoundGraph, LayersOf } from '../src/components/layers.ts';
import { layersOver } from '../src/components/network.ts';
import { attentionNetworks, operatorNetworks, probeGraph } from '../src/components/probe-networks.ts';
import { buildTinyDecoder } from '../src/components/tiny-vae/graph.ts';
import { parseSdxlConfigs, type SdxlPart, sdxlNetworks } from '../src/families/sdxl-architecture.ts';
import { ModelProtoSchema } from '../src/onnx/onnx_pb.ts';
import type { GraphForm } from '../src/runtime/devices/device.ts';
import { deviceKinds } from '../src/runtime/devices/devices.ts';
import { readTensorList, singleFileTensors } from './full-size-file.ts';
import { writeSafetensors } from './safetensors-files.ts';
import { temporaryFolder } from './temporary-folder.ts';

const { webgpu, cuda, directml } = deviceKinds;
const chunks = { largestScores: 2 ** 15 };

test.each<[string, GraphForm]>([
  ['WebGPU', { ...webgpu.form, ...chunks }],
  ['WebGPU in float16', { ...webgpu.form, ...chunks, arithmetic: 'float16' }],
  ['CUDA', { ...cuda.form, ...chunks }],
  ['DirectML', { ...directml.form, ...chunks }],
])('the probe of %s has every form of operator that the networks of a model have', async (_, form) => {
  const probed = new Set<string>();
  for (const network of [...Object.values(operatorNetworks), ...attentionNetworks])
    for (const attention of ['plain', form.attention] as const)
      for (const stored of ['F32', 'F16'] as const)
        addForms(probed, probeGraph(network, { ...form, attention }, stored).graph);
  const used = new Set<string>();
  for (const graph of await graphsOfModels(form)) addForms(used, graph);
  expect([...used].filter((operator) => !probed.has(operator))).toEqual([]);
  expect(used.size).toBeGreaterThan(20);
});

/** Of the embedded model and of the full one, whole and in parts. */
async function graphsOfModels(form: GraphForm): Promise<readonly BoundGraph[]> {
  const full = join(await temporaryFolder(), 'playground-v2.5.safetensors');
  await writeSafetensors(full, singleFileTensors(readTensorList()));
  const graphs: BoundGraph[] = [];
  for (const path of [demoModelPath, full]) {
    const { components } = await openCheckpoint(path);
    const { encoders, projector, denoiser, decoder, encoder } = sdxlNetworks(parseSdxlConfigs(components));
    const of = (part: SdxlPart) => over(components[part].tensors, form);
    const latents = { batch: 1, height: 13, width: 9 }; // odd: upsampling to other sizes than the double
    graphs.push(...encoders.map((plan) => plan.build({}, of(plan.part))));
    graphs.push(projector.build({ batch: 1, tokens: 77 }, of('unet')));
    for (const half of [undefined, 'deep', 'shallow'] as const)
      graphs.push(denoiser.build({ ...latents, tokens: 77, form: half ? { half, branch: 2 } : {} }, of('unet')));
    for (const crossAttention of ['told', 'given'] as const)
      graphs.push(denoiser.build({ ...latents, tokens: 77, form: { crossAttention } }, of('unet')));
    graphs.push(decoder.build(latents, of('vae')), encoder.build({ batch: 1, height: 64, width: 80 }, of('vae')));
  }
  graphs.push(
    buildTinyDecoder({ width: 64, latentChannels: 4 }, { batch: 1, height: 8, width: 8 }, over(new Map(), form)),
  );
  return graphs;
}

function over(tensors: Parameters<typeof layersOver>[0], form: GraphForm): LayersOf {
  return layersOver(tensors, webgpu.create(form), '/', { onProblem: () => undefined });
}

/** The attributes by which a kernel is another one; the others are numbers to it. */
const CHOOSING = [
  'transB',
  'strides',
  'pads',
  'kernel_shape',
  'mode',
  'nearest_mode',
  'unidirectional',
  'approximate',
  'axis',
  'perm',
];

function addForms(forms: Set<string>, graph: BoundGraph): void {
  for (const { domain, opType, attribute, input } of fromBinary(ModelProtoSchema, graph.toBytes()).graph?.node ?? []) {
    const chosen = attribute
      .filter(({ name }) => CHOOSING.includes(name))
      .map(({ name, i, ints, s }) => `${name}=${ints.length > 0 ? ints : s ? new TextDecoder().decode(s) : i}`);
    const inputs = opType === 'Concat' ? 'some' : input.filter(Boolean).length;
    forms.add([`${domain}:${opType}`, `${inputs} inputs`, ...chosen.sort()].join(' '));
  }
}
