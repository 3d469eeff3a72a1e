import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openCheckpoint } from '../src/checkpoints/open-checkpoint.ts';
import { parseSdxlConfigs } from '../src/families/sdxl-architecture.ts';
import { findTensorProblems } from '../src/loading/check-tensors.ts';
import { modelDefaults, modelInfo } from '../src/loading/model-info.ts';
import { LATENT_MEAN, readTensorList, singleFileTensors } from './full-size-file.ts';
import { writeSafetensors } from './safetensors-files.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** All 2641 tensors of Playground v2.5: component, name, shape, name in the single file. */
const rows = readTensorList();

test('the tensor list of Playground v2.5 is whole', () => {
  expect(rows).toHaveLength(2641);
});

test('a full-size single file is recognised by its tensors alone: every name, every shape, every width', async () => {
  const path = join(await temporaryFolder(), 'playground-v2.5.fp16.safetensors');
  await writeSafetensors(path, singleFileTensors(rows));
  const checkpoint = await openCheckpoint(path);
  const configs = parseSdxlConfigs(checkpoint.components);

  for (const { component, name, shape } of rows) {
    expect(checkpoint.components[component].tensors.get(name)?.shape, `${component} ${name}`).toEqual(shape);
  }
  expect(findTensorProblems(checkpoint, configs)).toEqual([]);
  expect(configs.unet).toMatchObject({
    blockOutChannels: [320, 640, 1280],
    levels: [
      { heads: 5, down: [0, 0], up: [0, 0, 0] },
      { heads: 10, down: [2, 2], up: [2, 2, 2] },
      { heads: 20, down: [10, 10], up: [10, 10, 10] },
    ],
    middle: { residuals: 2, depth: 10 },
    layersPerBlock: 2,
    crossAttentionDim: 2048,
    additionTimeEmbedDim: 256,
    additionInputDim: 2816,
    sampleSize: 128,
  });
  expect(configs.vae).toMatchObject({
    blockOutChannels: [128, 256, 512, 512],
    latents: { factor: 0.5, mean: LATENT_MEAN },
  });
  expect(configs.clips).toMatchObject([
    { hiddenSize: 768, layers: 12, heads: 12, activation: 'quick_gelu', projectionDim: undefined },
    { hiddenSize: 1280, layers: 32, heads: 20, activation: 'gelu', projectionDim: 1280 },
  ]);
  const defaults = modelDefaults(checkpoint.family, configs, 'edm_dpmpp_2m');
  expect(modelInfo(checkpoint, configs, defaults, ['exact'])).toMatchObject({
    family: 'Playground v2.5',
    defaults: { width: 1024, height: 1024, guidanceScale: 3 },
  });
});

test('every tensor that is missing or of a wrong shape is named, not only the first', async () => {
  const path = join(await temporaryFolder(), 'damaged.safetensors');
  const tensors = singleFileTensors(rows)
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
