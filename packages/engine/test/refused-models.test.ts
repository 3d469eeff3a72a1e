import { appendFile, cp, open, readFile, rename, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { EngineErrorCode } from '../src/errors.ts';
import { inspectModel, loadModel } from '../src/index.ts';
import { readSafetensors } from '../src/weights/safetensors.ts';
import { fixturePath } from './fixtures.ts';
import { writeSafetensors } from './safetensors-files.ts';
import { temporaryFolder } from './temporary-folder.ts';

const UNET = 'unet/diffusion_pytorch_model.fp16.safetensors';
const CLIP = 'text_encoder/model.fp16.safetensors';

interface Damage {
  readonly what: string;
  readonly damage: (folder: string) => Promise<unknown>;
  readonly code: EngineErrorCode;
  /** The message names the file, the tensor or the key, and what to do. */
  readonly says: readonly RegExp[];
}

const damages: readonly Damage[] = [
  {
    what: 'a folder without model_index.json',
    damage: (folder) => rm(join(folder, 'model_index.json')),
    code: 'model_file_missing',
    says: [/model_index\.json/, /download/],
  },
  {
    what: 'a folder without the weights of one component',
    damage: (folder) => rm(join(folder, CLIP)),
    code: 'model_file_missing',
    says: [/text_encoder/, /model\.fp16\.safetensors nor model\.safetensors/],
  },
  {
    what: 'a folder without a vocabulary',
    damage: (folder) => rm(join(folder, 'tokenizer/merges.txt')),
    code: 'model_file_missing',
    says: [/merges\.txt/],
  },
  {
    what: 'a dangling link instead of a file, as a half-finished download leaves it',
    damage: async (folder) => {
      await rename(join(folder, UNET), join(folder, 'elsewhere'));
      await symlink('nowhere', join(folder, UNET));
    },
    code: 'model_file_missing',
    says: [/diffusion_pytorch_model/],
  },
  {
    what: 'a truncated weight file',
    damage: async (folder) => truncate(join(folder, UNET), (await stat(join(folder, UNET))).size - 1000),
    code: 'weights_corrupt',
    says: [/diffusion_pytorch_model/, /truncated/, /download/],
  },
  {
    what: 'a header length beyond the file',
    damage: (folder) => overwrite(join(folder, UNET), 0, Buffer.from([255, 255, 255, 0, 0, 0, 0, 0])),
    code: 'weights_corrupt',
    says: [/header of 16777215 bytes/],
  },
  {
    what: 'an absurd header length',
    damage: (folder) => overwrite(join(folder, UNET), 0, Buffer.alloc(8, 255)),
    code: 'weights_corrupt',
    says: [/header/],
  },
  {
    what: 'an empty weight file',
    damage: (folder) => truncate(join(folder, UNET), 0),
    code: 'weights_corrupt',
    says: [/no header/],
  },
  {
    what: 'a header that is not JSON',
    damage: (folder) => overwrite(join(folder, UNET), 8, Buffer.from('<html>')),
    code: 'weights_corrupt',
    says: [/not JSON/],
  },
  {
    what: 'a tensor of a type no weight has',
    damage: (folder) => replaceText(join(folder, CLIP), '"dtype":"F16","shape":[77,6]', '"dtype":"I16","shape":[77,6]'),
    code: 'tensor_dtype',
    says: [/position_embedding/, /I16/, /fp16/],
  },
  {
    what: 'a tensor of a type that is not in the format',
    damage: (folder) => replaceText(join(folder, CLIP), '"dtype":"F16","shape":[77,6]', '"dtype":"Q16","shape":[77,6]'),
    code: 'tensor_dtype',
    says: [/position_embedding/, /Q16/],
  },
  {
    what: 'offsets that do not agree with a shape',
    damage: (folder) => replaceText(join(folder, CLIP), '"shape":[77,6]', '"shape":[77,7]'),
    code: 'weights_corrupt',
    says: [/position_embedding/, /1078 bytes/],
  },
  {
    what: 'a missing tensor',
    damage: (folder) =>
      replaceText(join(folder, UNET), 'mid_block.resnets.1.conv2.bias', 'mid_block.resnets.1.conv2.bios'),
    code: 'tensor_missing',
    says: [/unet: the tensor mid_block\.resnets\.1\.conv2\.bias \[32\] is missing/],
  },
  {
    what: 'a configuration that does not belong to the weights',
    damage: (folder) =>
      replaceText(join(folder, 'unet/config.json'), '"cross_attention_dim": 18', '"cross_attention_dim": 20'),
    code: 'tensor_shape',
    says: [/attn2\.to_k\.weight/, /\[16,18\]/, /more tensors/],
  },
  {
    what: 'v-prediction',
    damage: (folder) => replaceText(join(folder, 'scheduler/scheduler_config.json'), '"epsilon"', '"v_prediction"'),
    code: 'model_unsupported',
    says: [/scheduler_config\.json/, /v_prediction/],
  },
  {
    what: 'the sampler of ordinary SDXL',
    damage: (folder) =>
      replaceText(
        join(folder, 'scheduler/scheduler_config.json'),
        'EDMDPMSolverMultistepScheduler',
        'EulerDiscreteScheduler',
      ),
    code: 'model_unsupported',
    says: [/EulerDiscreteScheduler/],
  },
  {
    what: 'a UNet of another family',
    damage: (folder) => replaceText(join(folder, 'unet/config.json'), '"text_time"', '"image"'),
    code: 'model_unsupported',
    says: [/addition_embed_type is "image"/],
  },
  {
    what: 'another pipeline',
    damage: (folder) =>
      replaceText(join(folder, 'model_index.json'), 'StableDiffusionXLPipeline', 'StableDiffusion3Pipeline'),
    code: 'model_unsupported',
    says: [/StableDiffusion3Pipeline/],
  },
  {
    what: 'a configuration that is not JSON',
    damage: (folder) => appendFile(join(folder, 'vae/config.json'), '}'),
    code: 'model_config_invalid',
    says: [/vae.config\.json/, /JSON/],
  },
  {
    what: 'a configuration with a value of a wrong type',
    damage: (folder) =>
      replaceText(join(folder, 'vae/config.json'), '"layers_per_block": 2', '"layers_per_block": "two"'),
    code: 'model_config_invalid',
    says: [/layers_per_block must be a positive whole number \(got "two"\)/],
  },
];

describe('a damaged or foreign model is refused by name, and nothing is loaded:', () => {
  test.each(damages)('$what', async ({ damage, code, says }) => {
    const folder = join(await temporaryFolder(), 'model');
    await cp(fixturePath('model'), folder, { recursive: true, dereference: true });
    await damage(folder);
    const refusal = await loadModel(folder).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(refusal).toMatchObject({ name: 'EngineError', code });
    for (const pattern of says) expect(refusal).toHaveProperty('message', expect.stringMatching(pattern));
    const { problems } = await inspectModel(folder);
    expect(problems.map((problem) => problem.code)).toContain(code);
  });

  test('a path with nothing at it', async () => {
    const path = join(await temporaryFolder(), 'nothing');
    await expect(loadModel(path)).rejects.toMatchObject({
      code: 'model_not_found',
      message: expect.stringContaining(path),
    });
  });
});

describe('a single file that is not Playground v2.5 is refused by what it is:', () => {
  const unet = { name: 'model.diffusion_model.input_blocks.0.0.bias', dtype: 'F16', shape: [320] } as const;
  const scalar = (name: string) => ({ name, dtype: 'F32', shape: [1] }) as const;
  test.each([
    { what: 'a v-prediction EDM model', tensors: [unet, scalar('edm_vpred.sigma_max')], says: /v-prediction/ },
    { what: 'a v-prediction SDXL model', tensors: [unet, scalar('v_pred')], says: /v-prediction/ },
    { what: 'ordinary SDXL', tensors: [unet], says: /not Playground v2\.5/ },
    { what: 'a LoRA', tensors: [scalar('lora_unet_mid_block.alpha')], says: /not a checkpoint/ },
  ])('$what', async ({ tensors, says }) => {
    const path = join(await temporaryFolder(), 'file.safetensors');
    await writeSafetensors(path, tensors);
    await expect(loadModel(path)).rejects.toMatchObject({
      code: 'model_unsupported',
      message: expect.stringMatching(says),
    });
  });

  test('a tiny one without the configuration its sizes need', async () => {
    const path = join(await temporaryFolder(), 'deep', 'file.safetensors');
    await cp(fixturePath('single_file/playground-v2.5-tiny.fp16.safetensors'), path);
    await expect(loadModel(path)).rejects.toMatchObject({ code: 'model_config_invalid', details: { file: path } });
    const model = await loadModel(path, { config: fixturePath('model') });
    expect(model.info).toMatchObject({ layout: 'single-file', configSource: fixturePath('model') });
    await model.close();
  });
});

test('weights that make the picture NaN are reported, never shown as black', async () => {
  const folder = join(await temporaryFolder(), 'model');
  await cp(fixturePath('model'), folder, { recursive: true, dereference: true });
  const file = join(folder, 'vae/diffusion_pytorch_model.fp16.safetensors');
  await rm(join(folder, 'vae/diffusion_pytorch_model.safetensors'));
  const bias = (await readSafetensors(file)).get('decoder.conv_out.bias');
  await overwrite(file, bias?.offset ?? 0, Buffer.from([0x00, 0x7e])); // a half-precision NaN
  const model = await loadModel(folder);
  await expect(model.generate({ prompt: 'x', width: 64, height: 64, steps: 1, seed: 1 })).rejects.toMatchObject({
    code: 'picture_not_finite',
  });
  await model.close();
});

async function overwrite(path: string, position: number, bytes: Buffer): Promise<void> {
  await using file = await open(path, 'r+');
  await file.write(bytes, 0, bytes.length, position);
}

/** Within a binary file too: the replacement has the same length there. */
async function replaceText(path: string, from: string, to: string): Promise<void> {
  const text = await readFile(path, 'latin1');
  expect(text).toContain(from);
  await writeFile(path, text.replace(from, to), 'latin1');
}
