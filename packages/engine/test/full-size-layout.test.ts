import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openCheckpoint } from '../src/checkpoints/open-checkpoint.ts';
import { parseSdxlConfigs, type SdxlPart } from '../src/families/sdxl-architecture.ts';
import { findTensorProblems } from '../src/loading/check-tensors.ts';
import { modelDefaults, modelInfo } from '../src/loading/model-info.ts';
import { type NewTensor, writeSafetensors } from './safetensors-files.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** All 2641 tensors of Playground v2.5: component, name, shape, name in the single file. */
const rows = readTensorList();

test('the tensor list of Playground v2.5 is whole', () => {
  expect(rows).toHaveLength(2641);
});

test('a full-size single file is recognised by its tensors alone: every name, every shape, every width', async () => {
  const path = join(await temporaryFolder(), 'playground-v2.5.fp16.safetensors');
  await writeSafetensors(path, singleFileTensors());
  const checkpoint = await openCheckpoint(path);
  const configs = parseSdxlConfigs(checkpoint.components);

  for (const { component, name, shape } of rows) {
    expect(checkpoint.components[component].tensors.get(name)?.shape, `${component} ${name}`).toEqual(shape);
  }
  expect(findTensorProblems(checkpoint, configs)).toEqual([]);
  expect(configs.unet).toMatchObject({
    blockOutChannels: [320, 640, 1280],
    levels: [
      { attention: false, heads: 5 },
      { attention: true, heads: 10, depth: 2 },
      { attention: true, heads: 20, depth: 10 },
    ],
    layersPerBlock: 2,
    crossAttentionDim: 2048,
    additionTimeEmbedDim: 256,
    additionInputDim: 2816,
    sampleSize: 128,
  });
  expect(configs.vae).toMatchObject({ blockOutChannels: [128, 256, 512, 512], latents: { factor: 0.5, mean: MEAN } });
  expect(configs.clips).toMatchObject([
    { hiddenSize: 768, layers: 12, heads: 12, activation: 'quick_gelu', projectionDim: undefined },
    { hiddenSize: 1280, layers: 32, heads: 20, activation: 'gelu', projectionDim: 1280 },
  ]);
  const defaults = modelDefaults(checkpoint.family, configs, 'edm_dpmpp_2m');
  expect(modelInfo(checkpoint, configs, defaults)).toMatchObject({
    family: 'Playground v2.5',
    defaults: { width: 1024, height: 1024, guidanceScale: 3 },
  });
});

test('every tensor that is missing or of a wrong shape is named, not only the first', async () => {
  const path = join(await temporaryFolder(), 'damaged.safetensors');
  const tensors = singleFileTensors()
    .filter(({ name }) => !name.endsWith('middle_block.1.proj_in.bias') && !name.endsWith('mid.attn_1.q.weight'))
    .map((tensor) => (tensor.name.endsWith('input_blocks.0.0.bias') ? { ...tensor, shape: [321] } : tensor));
  await writeSafetensors(path, tensors);
  const checkpoint = await openCheckpoint(path);
  const problems = findTensorProblems(checkpoint, parseSdxlConfigs(checkpoint.components));
  expect(problems.map(({ code, details }) => [code, details.tensor]).sort()).toEqual([
    ['tensor_missing', 'decoder.mid_block.attentions.0.to_q.weight'],
    ['tensor_missing', 'encoder.mid_block.attentions.0.to_q.weight'],
    ['tensor_missing', 'mid_block.attentions.0.proj_in.bias'],
    ['tensor_shape', 'conv_in.bias'],
  ]);
});

const MEAN = [-1.6574, 1.886, -1.383, 2.5155].map(Math.fround);
const STD = [8.4927, 5.9022, 6.5498, 5.2299].map(Math.fround);

interface Row {
  readonly component: SdxlPart;
  readonly name: string;
  readonly shape: readonly number[];
  readonly singleFileName: string;
}

function readTensorList(): Row[] {
  const lines = readFileSync(new URL('../../../tests/fixtures/tensor-list.txt', import.meta.url), 'utf8').split('\n');
  let component: SdxlPart = 'unet';
  return lines.flatMap((line) => {
    const heading = /^# (unet|vae|text_encoder|text_encoder_2)\//.exec(line)?.[1];
    if (heading === 'unet' || heading === 'vae' || heading === 'text_encoder' || heading === 'text_encoder_2') {
      component = heading;
    }
    const [name, shape, singleFileName] = line.split('\t');
    if (line.startsWith('#') || singleFileName === undefined) return [];
    return [{ component, name, shape: shape.split('x').map(Number), singleFileName }];
  });
}

/** As such files are: q, k and v of the second encoder stacked, the VAE's projections as 1×1 convolutions, some keys to ignore. */
function singleFileTensors(): NewTensor[] {
  const floats = (values: readonly number[]) => new Uint8Array(Float32Array.from(values).buffer);
  const own = rows.flatMap(({ name, shape, singleFileName }): NewTensor[] => {
    const [stem, third] = singleFileName.split('#');
    if (third !== undefined && third !== '0') return [];
    if (third === '0') return [{ name: stem, dtype: 'F16', shape: [3 * shape[0], ...shape.slice(1)] }];
    const isProjection = singleFileName.includes('.attn_1.') && name.endsWith('.weight') && shape.length === 2;
    return [{ name: stem, dtype: 'F16', shape: isProjection ? [...shape, 1, 1] : shape }];
  });
  return [
    ...own,
    { name: 'edm_mean', dtype: 'F32', shape: [1, 4, 1, 1], bytes: floats(MEAN) },
    { name: 'edm_std', dtype: 'F32', shape: [4], bytes: floats(STD) },
    { name: 'conditioner.embedders.1.model.logit_scale', dtype: 'F32', shape: [] },
    { name: 'conditioner.embedders.0.transformer.text_model.embeddings.position_ids', dtype: 'I64', shape: [1, 77] },
    { name: 'model_ema.decay', dtype: 'F32', shape: [] },
  ];
}
