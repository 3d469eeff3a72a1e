import { mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type GenerateRequest, inspectModel, type LoadOptions, loadModel } from '../src/index.ts';
import { readTokenizer } from '../src/tokenizer/read-tokenizer.ts';
import { valuesOf8Bits } from '../src/weights/element-values.ts';
import {
  asBfloat16,
  asFloat8,
  componentNames,
  float32Bytes,
  modelCopy,
  modernTokenizer,
  readTensors,
  rewriteComponent,
  singleFile,
  type Tensor,
  valuesOf,
  writeShards,
} from './checkpoint-forms.ts';
import { sdxlScheduler } from './family-folder.ts';
import { fixturePath, readFixtureJson } from './fixtures.ts';
import { writeSafetensors } from './safetensors-files.ts';
import { temporaryFolder } from './temporary-folder.ts';

const request: GenerateRequest = {
  prompt: 'hello!world!! a "caffè"',
  negativePrompt: 'no!',
  width: 64,
  height: 64,
  steps: 1,
  seed: 5,
};
let cacheDir: string;
let original: Buffer;

beforeAll(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), 'easel-forms-'));
  original = await drawn(fixturePath('model'));
});
afterAll(() => rm(cacheDir, { recursive: true }));

async function drawn(path: string, options: LoadOptions = {}): Promise<Buffer> {
  const model = await loadModel(path, { cacheDir, ...options });
  try {
    const { images } = await model.generate(request);
    return Buffer.from(images[0].data);
  } finally {
    await model.close();
  }
}

describe('tokenizers that are tokenizer.json alone, as transformers 5 saves them', () => {
  const { rows } = readFixtureJson<{ rows: { text: string }[] }>('tokenizer.json');

  test.each(['pairs', 'strings'] as const)('merges as %s: the ids of all golden strings are the same', async (form) => {
    const folder = await modelCopy();
    for (const name of ['tokenizer', 'tokenizer_2']) {
      await modernTokenizer(join(folder, name), form);
      expect((await readdir(join(folder, name))).sort()).toEqual(['tokenizer.json', 'tokenizer_config.json']);
      const [before, now] = await Promise.all([fixturePath(`model/${name}`), join(folder, name)].map(readTokenizer));
      for (const { text } of rows) expect(now.encode(text), text).toEqual(before.encode(text));
    }
  });

  test('the model draws the same bytes', async () => {
    const folder = await modelCopy();
    await modernTokenizer(join(folder, 'tokenizer'), 'pairs');
    await modernTokenizer(join(folder, 'tokenizer_2'), 'strings');
    expect((await drawn(folder)).equals(original)).toBe(true);
  });

  test('the whole file alone is enough: its special tokens say how texts are padded', async () => {
    const folder = await modelCopy();
    for (const name of ['tokenizer', 'tokenizer_2']) {
      await modernTokenizer(join(folder, name), 'pairs');
      await rm(join(folder, name, 'tokenizer_config.json'));
    }
    expect((await drawn(folder)).equals(original)).toBe(true);
  });
});

test('configurations as transformers 5 writes them, or with the class or the level left out, mean the same', async () => {
  const folder = await modelCopy();
  await editJson(join(folder, 'text_encoder/config.json'), ({ architectures: _, torch_dtype: __, ...rest }) => ({
    ...rest,
    dtype: 'float16',
    transformers_version: '5.24.0',
  }));
  await editJson(join(folder, 'text_encoder_2/config.json'), (config) => ({ model_type: 'clip', text_config: config }));
  await editJson(join(folder, 'model_index.json'), (index) => ({
    ...index,
    _diffusers_version: '0.42.1',
    _name_or_path: 'someone/model',
  }));
  expect((await drawn(folder)).equals(original)).toBe(true);
});

describe('weights in several files with an index', () => {
  test.each([
    { indexName: 'NAME.safetensors.index.json', shardName: 'NAME-#.safetensors' },
    { indexName: 'NAME.safetensors.index.fp16.json', shardName: 'NAME.fp16-#.safetensors' },
    { indexName: 'NAME.fp16.safetensors.index.json', shardName: 'NAME.fp16-#.safetensors' },
    { indexName: 'NAME.safetensors.index.bf16.json', shardName: 'NAME.bf16-#.safetensors' },
  ])('$indexName, of every component: the same bytes, kept in their files or not', async (names) => {
    const folder = await modelCopy();
    for (const component of componentNames) await rewriteComponent(folder, component, shardedAs(names));
    const weights = names.indexName.includes('fp16') ? 'mapped' : 'resident';
    expect((await drawn(folder, { weights })).equals(original)).toBe(true);
    const { info, problems } = await inspectModel(folder);
    expect(problems).toEqual([]);
    expect(info?.components.map(({ files }) => files.length)).toEqual([3, 3, 3, 3]);
  });

  const plain = { indexName: 'NAME.safetensors.index.json', shardName: 'NAME-#.safetensors' };
  const INDEX = 'unet/diffusion_pytorch_model.safetensors.index.json';
  const SHARD = 'diffusion_pytorch_model-00002-of-00003.safetensors';
  const damages: readonly [string, (folder: string) => Promise<unknown>, string, readonly RegExp[]][] = [
    [
      'a shard that is missing',
      (folder) => rm(join(folder, 'unet', SHARD)),
      'model_file_missing',
      [/unet.diffusion_pytorch_model-00002-of-00003\.safetensors is missing/, /index\.json names/],
    ],
    [
      'shards without their index',
      (folder) => rm(join(folder, INDEX)),
      'model_file_missing',
      [/not their index, diffusion_pytorch_model\.safetensors\.index\.json/],
    ],
    [
      'a shard outside of the folder',
      (folder) => editIndex(join(folder, INDEX), (map) => ({ ...map, 'conv_in.bias': '../vae/x.safetensors' })),
      'model_config_invalid',
      [/"\.\.\/vae\/x\.safetensors"/, /not a file of its own folder/],
    ],
    [
      'a shard by an absolute path',
      (folder) => editIndex(join(folder, INDEX), (map) => ({ ...map, 'conv_in.bias': '/etc/x.safetensors' })),
      'model_config_invalid',
      [/not a file of its own folder/],
    ],
    [
      'a shard that is no safetensors file',
      (folder) => editIndex(join(folder, INDEX), (map) => ({ ...map, 'conv_in.bias': 7 })),
      'model_config_invalid',
      [/names 7 for conv_in\.bias/],
    ],
    [
      'a tensor that is not where the index has it',
      (folder) => editIndex(join(folder, INDEX), (map) => ({ ...map, 'conv_in.wait': SHARD })),
      'weights_corrupt',
      [/conv_in\.wait is not in diffusion_pytorch_model-00002-of-00003/],
    ],
    [
      'a tensor that is in two shards',
      async (folder) => {
        const [first, second] = ['1', '2'].map((n) => join(folder, 'unet', SHARD.replace('2-of', `${n}-of`)));
        await writeSafetensors(second, [...(await readTensors(second)), (await readTensors(first))[0]]);
      },
      'weights_corrupt',
      [/two different saves/],
    ],
    [
      'an index without a map',
      (folder) => writeFile(join(folder, INDEX), '{"metadata":{}}'),
      'model_config_invalid',
      [/has no weight_map/],
    ],
  ];
  test.each(damages)('%s is refused by name', async (_, damage, code, says) => {
    const folder = await modelCopy();
    await rewriteComponent(folder, 'unet', shardedAs(plain));
    await damage(folder);
    const refusal = await loadModel(folder).catch((thrown: unknown) => thrown);
    expect(refusal).toMatchObject({ code });
    for (const pattern of says) expect(refusal).toHaveProperty('message', expect.stringMatching(pattern));
  });
});

describe('8-bit weights', () => {
  test.each([
    ['F8_E4M3', 1],
    ['F8_E5M2', 1],
    ['F8_E4M3', 0.0123],
  ] as const)('%s with the factor %d are what the same numbers in fp32 are, byte for byte', async (dtype, scale) => {
    const codes = valuesOf8Bits(dtype);
    const [stored, meant] = await Promise.all([modelCopy(), modelCopy()]);
    for (const component of ['text_encoder', 'unet'] as const) {
      const convert = (tensor: Tensor) => asFloat8(tensor, dtype, codes, scale);
      await rewriteComponent(stored, component, async (tensors, folder, stem) => {
        const own = tensors.flatMap((tensor): Tensor[] => {
          if (!isMatrix(tensor)) return [tensor];
          return [convert(tensor).stored, ...factors(tensor, scale)];
        });
        const marker: Tensor = { name: 'scaled_fp8', dtype, shape: [0], bytes: new Uint8Array() };
        await writeSafetensors(join(folder, `${stem}.safetensors`), scale === 1 ? own : [...own, marker]);
      });
      await rewriteComponent(meant, component, (tensors, folder, stem) =>
        writeSafetensors(
          join(folder, `${stem}.safetensors`),
          tensors.map((tensor) => (isMatrix(tensor) ? convert(tensor).meant : tensor)),
        ),
      );
    }
    const weights = scale === 1 ? 'resident' : 'mapped';
    const expected = await drawn(meant, { weights });
    expect((await drawn(stored, { weights })).equals(expected), weights).toBe(true);
    const { info } = await inspectModel(stored);
    expect(info?.components[2].precision).toContain(dtype);
  });

  const isMatrix = ({ name, shape }: Tensor) => shape.length > 1 && name.endsWith('.weight');
  const factors = ({ name }: Tensor, scale: number): Tensor[] =>
    scale === 1
      ? []
      : [
          { name: name.replace(/weight$/, 'scale_weight'), dtype: 'F32', shape: [], bytes: float32Bytes([scale]) },
          { name: name.replace(/weight$/, 'scale_input'), dtype: 'F32', shape: [], bytes: float32Bytes([1]) },
        ];

  test('a factor for each row is refused, not passed over', async () => {
    const folder = await modelCopy();
    await rewriteComponent(folder, 'unet', (tensors, own, stem) => {
      const name = 'mid_block.attentions.0.proj_in.scale_weight';
      const rows: Tensor = { name, dtype: 'F32', shape: [2, 1], bytes: float32Bytes([1, 2]) };
      return writeSafetensors(join(own, `${stem}.safetensors`), [...tensors, rows]);
    });
    await expect(loadModel(folder)).rejects.toMatchObject({
      code: 'tensor_dtype',
      message: expect.stringMatching(/scale_weight.*one finite number/),
    });
  });
});

describe('a single file', () => {
  const variant = async (change: (tensors: Tensor[]) => Tensor[], name = 'file'): Promise<string> => {
    const path = join(await temporaryFolder(), `${name}.safetensors`);
    await writeSafetensors(path, change(await readTensors(singleFile)));
    return path;
  };
  const config = fixturePath('model');
  const isEdm = ({ name }: Tensor) => name.startsWith('edm_');

  test.each(['BF16', 'F32', 'F64'] as const)('with its statistics as %s', async (dtype) => {
    const convert = (tensor: Tensor): Tensor => {
      if (dtype === 'BF16') return asBfloat16(tensor);
      const values = valuesOf(tensor);
      const bytes = dtype === 'F32' ? float32Bytes(values) : new Uint8Array(Float64Array.from(values).buffer);
      return { ...tensor, dtype, bytes };
    };
    const path = await variant((tensors) => tensors.map((tensor) => (isEdm(tensor) ? convert(tensor) : tensor)));
    const picture = await drawn(path, { config });
    if (dtype !== 'BF16') expect(picture.equals(original)).toBe(true);
    else expect(meanDifference(picture, original)).toBeLessThan(3);
  });

  test('all of it bf16', async () => {
    const path = await variant((tensors) =>
      tensors.map((tensor) => (tensor.dtype === 'F16' || tensor.dtype === 'F32' ? asBfloat16(tensor) : tensor)),
    );
    expect(meanDifference(await drawn(path, { config }), original)).toBeLessThan(3);
  });

  test('with tensors of types that no network reads and nobody needs', async () => {
    const extra = [
      { name: 'scaled_fp8', dtype: 'F8_E4M3', shape: [0], bytes: new Uint8Array() },
      { name: 'model_ema.num_updates', dtype: 'I16', shape: [2], bytes: new Uint8Array(4) },
    ] as const;
    const path = await variant((tensors) => [...tensors, ...extra]);
    const bytes = await readFile(path, 'latin1');
    await writeFile(path, bytes.replace('"dtype":"I16"', '"dtype":"Q99"'), 'latin1');
    expect((await drawn(path, { config })).equals(original)).toBe(true);
  });

  test('with averaged weights beside its own, and the notes of tools that merge models', async () => {
    const path = join(await temporaryFolder(), 'merge.safetensors');
    const own = await readTensors(singleFile);
    const averaged = own
      .filter(({ name }) => name.startsWith('model.diffusion_model.'))
      .slice(0, 40)
      .map((tensor) => ({
        ...tensor,
        name: `model_ema.${tensor.name.slice('model.'.length).replaceAll('.', '')}`,
        bytes: new Uint8Array(tensor.bytes.length),
      }));
    const recipe = { type: 'webui', primary_model_hash: 'ab', interp_method: 'Add difference', multiplier: 0.5 };
    await writeSafetensors(path, [...averaged, ...own], {
      format: 'pt',
      sd_merge_recipe: JSON.stringify(recipe),
      sd_merge_models: JSON.stringify({ ab: { name: 'a"b.safetensors', legacy_hash: '81761151' } }),
      'modelspec.title': 'a merge',
    });
    expect((await drawn(path, { config })).equals(original)).toBe(true);
  });

  test('with its VAE in it, or in a file beside it, under the names of both worlds', async () => {
    const isVae = ({ name }: Tensor) => name.startsWith('first_stage_model.');
    const noise = (tensor: Tensor): Tensor => ({
      ...tensor,
      bytes: tensor.bytes.map((byte, index) => byte ^ (index & 1)),
    });
    const worse = await variant(
      (tensors) => tensors.map((tensor) => (isVae(tensor) ? noise(tensor) : tensor)),
      'baked',
    );
    expect((await drawn(worse, { config })).equals(original)).toBe(false);
    const bare = await variant(
      (tensors) =>
        tensors.filter(isVae).map((tensor) => ({ ...tensor, name: tensor.name.replace('first_stage_model.', '') })),
      'vae',
    );
    for (const vae of [bare, singleFile, fixturePath('model/vae/diffusion_pytorch_model.fp16.safetensors')])
      expect((await drawn(worse, { config, vae })).equals(original), vae).toBe(true);
  });

  test('with the text projection as a linear layer has it, alone or beside the other', async () => {
    const name = 'conditioner.embedders.1.model.text_projection';
    for (const isAlone of [true, false]) {
      const path = await variant((tensors) =>
        tensors.flatMap((tensor) =>
          tensor.name === name
            ? [...(isAlone ? [] : [tensor]), { ...transposed(tensor), name: `${name}.weight` }]
            : [tensor],
        ),
      );
      expect((await drawn(path, { config })).equals(original)).toBe(true);
    }
  });

  describe('without its statistics', () => {
    const lost = (name: string) => variant((tensors) => tensors.filter((tensor) => !isEdm(tensor)), name);
    /** The configuration of SDXL: no statistics, and another sampler. */
    const plainFolder = async (): Promise<string> => {
      const plain = await modelCopy();
      await editJson(join(plain, 'vae/config.json'), ({ latents_mean: _, latents_std: __, ...rest }) => rest);
      await editJson(join(plain, 'scheduler/scheduler_config.json'), () => sdxlScheduler('EulerDiscreteScheduler'));
      return plain;
    };

    test('is Playground v2.5 with a configuration that has them, and with its published ones where the family is named', async () => {
      const path = await lost('file');
      expect((await drawn(path, { config })).equals(original)).toBe(true);
      const options = { config: await plainFolder(), family: 'playground-v2.5' } as const;
      expect((await drawn(path, options)).equals(original)).toBe(true);
    });

    test('is SDXL unless it is called Playground v2.5', async () => {
      const plain = await plainFolder();
      const { info } = await inspectModel(await lost('file'), { config: plain });
      expect(info).toMatchObject({ familyName: 'sdxl', family: expect.stringContaining('Stable Diffusion XL') });
      await expect(loadModel(await lost('playground-v2.5.fp16'), { config: plain })).rejects.toMatchObject({
        code: 'model_unsupported',
        message: expect.stringMatching(/without edm_mean and edm_std/),
        remedy: expect.stringMatching(/name its family/),
      });
    });

    test('is refused with a configuration of another sampler and of latent statistics', async () => {
      const other = await modelCopy();
      await editJson(join(other, 'scheduler/scheduler_config.json'), () => sdxlScheduler('EulerDiscreteScheduler'));
      await expect(loadModel(await lost('file'), { config: other })).rejects.toMatchObject({
        code: 'model_unsupported',
        remedy: expect.stringMatching(/trained with EDM/),
      });
    });
  });

  test('whose neighbours do not fit says what was wrong with them', async () => {
    const path = join(await temporaryFolder(), 'inner', 'file.safetensors');
    await mkdir(dirname(path));
    await writeSafetensors(path, await readTensors(singleFile));
    await mkdir(join(dirname(path), 'unet'));
    await writeFile(join(dirname(path), 'unet/config.json'), '{}');
    await expect(loadModel(path)).rejects.toMatchObject({
      code: 'model_config_invalid',
      message: expect.stringMatching(/does not fit: .*vae.config\.json is missing/),
    });
  });
});

describe('a folder that means a model', () => {
  test('the Hugging Face cache of a model is followed to the snapshot of its main branch', async () => {
    const root = join(await temporaryFolder(), 'hub', 'models--someone--tiny');
    await hubCache(root);
    expect((await drawn(root)).equals(original)).toBe(true);
    const found = { path: join(root, 'snapshots', REVISION), problems: [] };
    expect(await inspectModel(root)).toMatchObject(found);
    expect(await inspectModel(dirname(root))).toMatchObject(found); // the cache itself, if it has but one model
    await rm(join(root, 'refs'), { recursive: true });
    expect(await inspectModel(root)).toMatchObject(found); // only one snapshot
    await mkdir(join(root, 'snapshots', 'ffff'));
    await expect(loadModel(root)).rejects.toMatchObject({ message: expect.stringMatching(/several snapshots/) });
  });

  test('a folder with one .safetensors file is that file; model_index.json is its folder', async () => {
    const folder = await temporaryFolder();
    await symlink(singleFile, join(folder, 'my-model.safetensors'));
    expect((await drawn(folder, { config: fixturePath('model') })).equals(original)).toBe(true);
    expect((await drawn(fixturePath('model/model_index.json'))).equals(original)).toBe(true);
  });

  test('a prefix on every name is left out', async () => {
    const folder = await modelCopy();
    const prefixes = { text_encoder: 'model.', text_encoder_2: 'module.', unet: '_orig_mod.', vae: 'vae.' };
    for (const component of componentNames) {
      const prefix = prefixes[component];
      await rewriteComponent(folder, component, (tensors, own, stem) =>
        writeSafetensors(
          join(own, `${stem}.safetensors`),
          tensors.map((tensor) => ({
            ...tensor,
            name: `${prefix}${tensor.name}`.replace('text_model.text_model.', 'text_model.'),
          })),
        ),
      );
    }
    expect((await drawn(folder)).equals(original)).toBe(true);
  });

  test('pickles beside the weights, and numbers in its configurations that JSON does not have, change nothing', async () => {
    const folder = await modelCopy();
    for (const [part, name] of [
      ['text_encoder', 'pytorch_model.bin'],
      ['unet', 'diffusion_pytorch_model.bin'],
    ] as const)
      await writeFile(join(folder, part, name), '\x80\x02\x8a', 'latin1');
    const file = join(folder, 'scheduler/scheduler_config.json');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('{', '{\n  "lambda_min_clipped": -Infinity,\n  "not_used": [NaN, Infinity],'));
    expect((await drawn(folder)).equals(original)).toBe(true);
  });

  test('weights of another variant alone are taken', async () => {
    const folder = await modelCopy();
    const own = join(folder, 'unet');
    await rename(
      join(own, 'diffusion_pytorch_model.fp16.safetensors'),
      join(own, 'diffusion_pytorch_model.non_ema.safetensors'),
    );
    expect((await drawn(folder)).equals(original)).toBe(true);
  });
});

const REVISION = '0123456789abcdef0123456789abcdef01234567';

/** Files in `blobs`, links to them in a snapshot, its name in `refs/main`. */
async function hubCache(root: string): Promise<void> {
  await mkdir(join(root, 'blobs'), { recursive: true });
  await mkdir(join(root, 'refs'));
  await writeFile(join(root, 'refs/main'), REVISION);
  const model = await modelCopy();
  for (const entry of await readdir(model, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const from = join(entry.parentPath, entry.name);
    const blob = join(root, 'blobs', from.slice(model.length).replaceAll('/', '_'));
    const link = join(root, 'snapshots', REVISION, from.slice(model.length));
    await rename(from, blob);
    await mkdir(dirname(link), { recursive: true });
    await symlink(blob, link);
  }
}

function shardedAs({ indexName, shardName }: { indexName: string; shardName: string }) {
  return (tensors: Tensor[], folder: string, stem: string) =>
    writeShards(tensors, folder, stem, {
      indexName: () => indexName.replace('NAME', stem),
      shardName: (_, number) => shardName.replace('NAME', stem).replace('#', number),
    });
}

async function editJson(path: string, edit: (value: Record<string, unknown>) => unknown): Promise<void> {
  await writeFile(path, JSON.stringify(edit(JSON.parse(await readFile(path, 'utf8')))));
}

function editIndex(path: string, edit: (map: Record<string, unknown>) => unknown): Promise<void> {
  return editJson(path, (index) => ({ ...index, weight_map: edit(Object(index.weight_map)) }));
}

function transposed(tensor: Tensor): Tensor {
  const [rows, columns] = tensor.shape;
  const bytes = new Uint8Array(tensor.bytes.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const from = (row * columns + column) * 2;
      bytes.set(tensor.bytes.subarray(from, from + 2), (column * rows + row) * 2);
    }
  }
  return { ...tensor, shape: [columns, rows], bytes };
}

function meanDifference(a: Buffer, b: Buffer): number {
  return a.reduce((sum, value, index) => sum + Math.abs(value - b[index]), 0) / a.length;
}
