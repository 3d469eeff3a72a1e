import {
  appendFile,
  cp,
  mkdir,
  open,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { EngineError, type EngineErrorCode } from '../src/errors.ts';
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
    what: 'a folder in the place of a file of weights',
    damage: async (folder) => {
      await rm(join(folder, UNET));
      await mkdir(join(folder, UNET));
    },
    code: 'model_file_missing',
    says: [/diffusion_pytorch_model\.fp16\.safetensors cannot be read: it is a folder; give the file/],
  },
  {
    what: 'a link that leads to itself',
    damage: async (folder) => {
      await rm(join(folder, UNET));
      await symlink('diffusion_pytorch_model.fp16.safetensors', join(folder, UNET));
    },
    code: 'model_file_missing',
    says: [/diffusion_pytorch_model/, /download/],
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
    says: [/is empty \(0 bytes\)/, /download it again/],
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
    says: [/text_encoder: .*position_embedding/, /Q16/],
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
    for (const pattern of says) expect(textOf(refusal)).toMatch(pattern);
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
  const named = (...names: string[]) => names.map((name) => ({ name, dtype: 'F16', shape: [1] }) as const);
  const unet = 'model.diffusion_model.input_blocks.0.0.bias';
  const sdxl = [unet, 'first_stage_model.decoder.conv_in.bias', 'conditioner.embedders.1.model.ln_final.bias'];
  test.each([
    { what: 'CosXL', names: [...sdxl, 'edm_vpred.sigma_max', 'edm_vpred.sigma_min'], says: /CosXL/ },
    { what: 'a v-prediction SDXL model', names: [...sdxl, 'v_pred'], says: /a v-prediction checkpoint/ },
    { what: 'the SDXL refiner', names: [unet, 'conditioner.embedders.0.model.ln_final.bias'], says: /SDXL refiner/ },
    { what: 'SD 1.5', names: [unet, 'cond_stage_model.transformer.text_model.x'], says: /Stable Diffusion 1\.x/ },
    { what: 'SD 2.1', names: [unet, 'cond_stage_model.model.ln_final.bias'], says: /Stable Diffusion 2\.x/ },
    { what: 'SD 3', names: ['model.diffusion_model.joint_blocks.0.x_block.attn.qkv.bias'], says: /Stable Diffusion 3/ },
    { what: 'Flux', names: ['double_blocks.0.img_attn.qkv.bias'], says: /Flux/ },
    { what: 'PixArt', names: ['adaln_single.linear.bias', 'transformer_blocks.0.attn1.to_k.bias'], says: /PixArt/ },
    { what: 'a LoRA', names: ['lora_unet_mid_block.alpha'], says: /a LoRA/ },
    { what: 'a LoRA of diffusers', names: ['unet.mid_block.attentions.0.to_k.lora_A.weight'], says: /a LoRA/ },
    { what: 'a ControlNet', names: ['control_model.input_blocks.0.0.bias'], says: /a ControlNet/ },
    { what: 'a UNet alone', names: [unet], says: /only the UNet/ },
    { what: 'a bare UNet', names: ['input_blocks.0.0.bias'], says: /only the UNet/ },
    {
      what: 'a UNet of diffusers',
      names: ['conv_in.bias', 'down_blocks.0.resnets.0.norm1.bias'],
      says: /only the UNet/,
    },
    { what: 'a VAE', names: ['decoder.conv_in.bias'], says: /only the VAE/ },
    { what: 'a text encoder', names: ['text_model.embeddings.token_embedding.weight'], says: /only a text encoder/ },
    { what: 'a textual inversion', names: ['clip_l', 'clip_g'], says: /textual inversion/ },
    { what: 'a language model', names: ['model.layers.0.self_attn.q_proj.weight'], says: /language model/ },
    {
      what: 'nothing known',
      names: ['body.0.conv1.bias'],
      says: /not a checkpoint that is known .*body\.0\.conv1\.bias/,
    },
    { what: 'nothing at all', names: [], says: /without tensors/ },
  ])('$what', async ({ names, says }) => {
    const path = join(await temporaryFolder(), 'file.safetensors');
    await writeSafetensors(path, named(...names));
    await expectRefusal(path, 'model_unsupported', says);
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

describe('a file that is none of a model is told by its content, whatever it is called:', () => {
  const zipped = (entry: string) => `PK\x03\x04\x14\0\0\0\0\0${'\0'.repeat(16)}${entry}`;
  const files: readonly (readonly [string, string, EngineErrorCode, RegExp])[] = [
    ['a JPEG', '\xff\xd8\xff\xe0\0\x10JFIF\0', 'model_unsupported', /is a JPEG picture; give a diffusers folder/],
    ['a PNG', '\x89PNG\r\n\x1a\n', 'model_unsupported', /a PNG picture/],
    ['a checkpoint of PyTorch', zipped('archive/data.pkl'), 'model_unsupported', /PyTorch pickle.*safetensors/],
    ['an old checkpoint of PyTorch', '\x80\x02\x8a\x0a', 'model_unsupported', /PyTorch pickle/],
    ['a ZIP archive', zipped('model_index.json'), 'model_unsupported', /ZIP archive; unpack it/],
    ['GGUF', 'GGUF\x03\0\0\0', 'model_unsupported', /GGUF.*original \.safetensors/],
    ['ONNX', '\x08\x0a\x12\x07pytorch', 'model_unsupported', /ONNX model/],
    ['a web page', '\n<!DOCTYPE html><html>', 'weights_corrupt', /web page \(HTML\).*login/],
    ['a JSON error', '{"error":"Not Found"}', 'model_unsupported', /a JSON text/],
    ['nothing', '', 'weights_corrupt', /is empty \(0 bytes\)/],
    ['text', 'hello', 'weights_corrupt', /no header/],
    [
      'a Git LFS pointer',
      'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 6938040682\n',
      'model_file_missing',
      /Git LFS pointer to 6938040682 bytes.*git lfs pull/,
    ],
    ['the beginning of a download', '\x00\x20\0\0\0\0\0\0{"a":', 'weights_corrupt', /truncated.*download/],
  ];
  test.each(files)('%s', async (_, content, code, says) => {
    const folder = await temporaryFolder();
    for (const name of ['model.safetensors', 'model.bin', 'model']) {
      await writeFile(join(folder, name), content, 'latin1');
      await expectRefusal(join(folder, name), code, says);
    }
    const model = join(folder, 'copy');
    await cp(fixturePath('model'), model, { recursive: true, dereference: true });
    await writeFile(join(model, UNET), content, 'latin1');
    await expectRefusal(model, code, says);
  });
});

describe('a folder that is no model says what it is, and where the model may be:', () => {
  const cases: readonly (readonly [string, (folder: string) => Promise<unknown>, EngineErrorCode, RegExp])[] = [
    ['nothing in it', async () => {}, 'model_not_found', /an empty folder; give a diffusers folder/],
    [
      'pictures',
      (folder) => writeFile(join(folder, 'apple.png'), ''),
      'model_unsupported',
      /a folder without a model \(no model_index\.json; it holds apple\.png\)/,
    ],
    [
      'a .ckpt',
      (folder) => writeFile(join(folder, 'sd.ckpt'), '\x80\x02\x8a', 'latin1'),
      'model_unsupported',
      /whose sd\.ckpt is a PyTorch pickle/,
    ],
    ['a GGUF', (folder) => writeFile(join(folder, 'q4.gguf'), 'GGUF'), 'model_unsupported', /q4\.gguf is a GGUF file/],
    [
      'the model one folder deeper',
      (folder) => cp(fixturePath('model'), join(folder, 'inner'), { recursive: true, dereference: true }),
      'model_unsupported',
      /the model is in .*inner; give that folder/,
    ],
    [
      'several single files',
      (folder) => Promise.all(['a', 'b'].map((name) => writeFile(join(folder, `${name}.safetensors`), ''))),
      'model_unsupported',
      /2 \.safetensors files \(a\.safetensors, b\.safetensors\); give one of them/,
    ],
    [
      'a single part',
      (folder) => cp(fixturePath('model/unet'), folder, { recursive: true }),
      'model_unsupported',
      /is one part of a model .*give the folder above it/,
    ],
    [
      'a repository of the Hub with a single part',
      async (folder) => {
        const snapshot = join(folder, 'snapshots', 'a'.repeat(40));
        await mkdir(join(folder, 'refs'));
        await writeFile(join(folder, 'refs/main'), 'a'.repeat(40));
        await cp(fixturePath('model/unet'), snapshot, { recursive: true });
      },
      'model_unsupported',
      /is one part of a model .*it is used with a whole model: a UNet by `--unet`/,
    ],
    [
      'a cache of several models',
      (folder) => Promise.all(['a', 'b'].map((name) => mkdir(join(folder, `models--x--${name}`)))),
      'model_unsupported',
      /cache of several models \(models--x--a, models--x--b\); give the folder of one/,
    ],
    [
      'a cache whose download did not finish',
      (folder) => mkdir(join(folder, 'snapshots')),
      'model_not_found',
      /is a Hugging Face cache folder without a snapshot: the download did not finish; download the model again/,
    ],
    [
      'a cache with an empty snapshot',
      async (folder) => {
        await mkdir(join(folder, 'snapshots/abc'), { recursive: true });
        await mkdir(join(folder, 'refs'));
        await writeFile(join(folder, 'refs/main'), 'abc');
      },
      'model_not_found',
      /is a Hugging Face cache folder whose snapshot abc is empty: the download did not finish; download the model again/,
    ],
    [
      'a cache with several snapshots and no word of the newest',
      (folder) => Promise.all(['a', 'b'].map((name) => mkdir(join(folder, 'snapshots', name), { recursive: true }))),
      'model_not_found',
      /with several snapshots \(a, b\) that does not say which is the newest; give one of them, such as /,
    ],
  ];
  test.each(cases)('%s', async (_, fill, code, says) => {
    const folder = await temporaryFolder();
    await fill(folder);
    await expectRefusal(folder, code, says);
  });

  test.each([
    ['StableDiffusionPipeline', /Stable Diffusion 1\.x or 2\.x/],
    ['StableDiffusion3Pipeline', /Stable Diffusion 3/],
    ['FluxPipeline', /Flux/],
    ['PixArtSigmaPipeline', /PixArt/],
    ['StableDiffusionXLControlNetPipeline', /ControlNet/],
    ['WanPipeline', /a WanPipeline/],
  ])('a %s', async (className, says) => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'model_index.json'), JSON.stringify({ _class_name: className }));
    await expectRefusal(folder, 'model_unsupported', says);
  });

  test('the SDXL refiner, and a model for editing by instruction', async () => {
    const folder = join(await temporaryFolder(), 'model');
    await cp(fixturePath('model'), folder, { recursive: true, dereference: true });
    await replaceText(join(folder, 'unet/config.json'), '"in_channels": 4', '"in_channels": 8');
    await expectRefusal(folder, 'model_unsupported', /the UNet takes 8 channels.*editing by instruction/);
    const index = { _class_name: 'StableDiffusionXLImg2ImgPipeline', requires_aesthetics_score: true };
    await writeFile(join(folder, 'model_index.json'), JSON.stringify(index));
    await expectRefusal(folder, 'model_unsupported', /the SDXL refiner/);
  });

  test('weights as .bin files alone', async () => {
    const folder = join(await temporaryFolder(), 'model');
    await cp(fixturePath('model'), folder, { recursive: true, dereference: true });
    await rm(join(folder, CLIP));
    await writeFile(join(folder, 'text_encoder/pytorch_model.bin'), '\x80\x02\x8a', 'latin1');
    await expectRefusal(folder, 'model_unsupported', /only pytorch_model\.bin, a PyTorch pickle.*safetensors/);
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

/** By the engine, and by the report of it. */
async function expectRefusal(path: string, code: EngineErrorCode, says: RegExp): Promise<void> {
  const refusal = await loadModel(path).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(refusal).toMatchObject({ code });
  expect(textOf(refusal)).toMatch(says);
  const { problems } = await inspectModel(path);
  expect(problems).toMatchObject([{ code }]);
  expect(textOf(problems[0])).toMatch(says);
}

/** What is wrong and what to do about it. */
function textOf(refusal: unknown): string {
  return refusal instanceof EngineError ? `${refusal.message}; ${refusal.remedy}` : String(refusal);
}

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
