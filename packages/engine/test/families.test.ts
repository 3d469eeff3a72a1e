import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { inferUNetConfig } from '../src/checkpoints/infer-configs.ts';
import { layersOver } from '../src/components/network.ts';
import { parseUNetConfig, type UNetConfig } from '../src/components/unet/config.ts';
import { buildTextProjections, buildUNet } from '../src/components/unet/graph.ts';
import { ldmUnetTensors } from '../src/components/unet/names.ts';
import { structureName } from '../src/families/sdxl.ts';
import { inspectModel, type LoadOptions, loadModel } from '../src/index.ts';
import { JsonConfig } from '../src/json-config.ts';
import { defaultTarget } from '../src/runtime/variant.ts';
import type { TensorInfo } from '../src/weights/safetensors.ts';
import { readTensors, type Tensor } from './checkpoint-forms.ts';
import { familyFolder, sdxlScheduler } from './family-folder.ts';
import { fixturePath, readFixtureJson } from './fixtures.ts';
import { writeSafetensors } from './safetensors-files.ts';
import { temporaryFolder } from './temporary-folder.ts';

const full = {
  ...readFixtureJson<Record<string, unknown>>('model/unet/config.json'),
  ...{ block_out_channels: [320, 640, 1280], attention_head_dim: [5, 10, 20], norm_num_groups: 32 },
  ...{ cross_attention_dim: 2048, addition_time_embed_dim: 256, projection_class_embeddings_input_dim: 2816 },
  transformer_layers_per_block: [1, 2, 10],
};
const oneBlock = { mid_block_type: 'UNetMidBlock2D' };
const structures = [
  ['SDXL', 2_567_463_684, {}],
  [
    'SSD-1B',
    1_331_334_404,
    {
      ...oneBlock,
      transformer_layers_per_block: [1, [2, 2], [4, 4]],
      reverse_transformer_layers_per_block: [[4, 4, 10], [2, 1, 1], 1],
    },
  ],
  ['Segmind-Vega', 745_225_604, { ...oneBlock, transformer_layers_per_block: [1, 1, 2] }],
  ['KOALA-700M', 782_822_724, { layers_per_block: 1, mid_block_type: null, transformer_layers_per_block: [1, 2, 5] }],
  ['KOALA-1B', 1_161_184_324, { layers_per_block: 1, transformer_layers_per_block: [1, 2, 6] }],
] as const;

describe.each(structures)('the UNet of %s', (name, parameters, changes) => {
  const config = parseUNetConfig(new JsonConfig({ ...full, ...changes }, 'unet/config.json'));

  test(`has ${parameters} parameters`, () => {
    const count = [...tensorsOf(config).values()].reduce(
      (sum, { shape }) => sum + shape.reduce((product, side) => product * side, 1),
      0,
    );
    expect(count).toBe(parameters);
    expect(structureName(config)).toBe(name);
  });

  test('is told by its tensors alone, under the names of diffusers and of the original training code', () => {
    const tensors = tensorsOf(config);
    for (const stored of [tensors, ldmUnetTensors(ldmNamed(tensors, config))]) {
      expect(new Map([...stored].map(([key, { shape }]) => [key, shape]))).toEqual(
        new Map([...tensors].map(([key, { shape }]) => [key, shape])),
      );
      const inferred = inferUNetConfig('file.safetensors', stored);
      if (!inferred) throw new Error('it has the widths of SDXL');
      const { levels, middle, layersPerBlock } = parseUNetConfig(inferred.with({ addition_time_embed_dim: 256 }));
      expect({ levels, middle, layersPerBlock }).toEqual({
        levels: config.levels,
        middle: config.middle,
        layersPerBlock: config.layersPerBlock,
      });
    }
  });
});

/** What its graphs ask for, where there is nothing. */
function tensorsOf(config: UNetConfig): Map<string, TensorInfo> {
  const wanted = new Map<string, TensorInfo>();
  const layers = layersOver(new Map(), defaultTarget.device, '/', {
    onProblem({ details: { tensor = '' }, message }) {
      const shape = (/ \[([\d,]+)\] is missing/.exec(message)?.[1] ?? '').split(',').map(Number);
      wanted.set(tensor, { file: '', dtype: 'F16', shape, offset: 0, byteLength: 0 });
    },
  });
  buildUNet(config, { batch: 1, height: 8, width: 8, tokens: 77 }, layers);
  buildTextProjections(config, { batch: 1, tokens: 77 }, layers);
  return wanted;
}

/** The same under the names of the original training code: blocks are counted through, a sampler is a part of the block before it. */
function ldmNamed(tensors: ReadonlyMap<string, TensorInfo>, { layersPerBlock, levels }: UNetConfig) {
  const residual = (rest: string) =>
    [
      ['norm1', 'in_layers.0'],
      ['conv1', 'in_layers.2'],
      ['time_emb_proj', 'emb_layers.1'],
      ['norm2', 'out_layers.0'],
      ['conv2', 'out_layers.3'],
      ['conv_shortcut', 'skip_connection'],
    ].reduce((name, [current, old]) => name.replace(new RegExp(`^${current}\\.`), `${old}.`), rest);
  const top: readonly (readonly [string, string])[] = [
    ['conv_in.', 'input_blocks.0.0.'],
    ['time_embedding.linear_1.', 'time_embed.0.'],
    ['time_embedding.linear_2.', 'time_embed.2.'],
    ['add_embedding.linear_1.', 'label_emb.0.0.'],
    ['add_embedding.linear_2.', 'label_emb.0.2.'],
    ['conv_norm_out.', 'out.0.'],
    ['conv_out.', 'out.2.'],
  ];
  const rename = (name: string): string => {
    const known = top.find(([current]) => name.startsWith(current));
    if (known) return known[1] + name.slice(known[0].length);
    const [, mid = '', index = '', rest = ''] = /^mid_block\.(\w+)\.(\d)\.(.+)$/.exec(name) ?? [];
    if (mid === 'attentions') return `middle_block.1.${rest}`;
    if (mid === 'resnets') return `middle_block.${index === '0' ? 0 : 2}.${residual(rest)}`;
    const [, way, block, part, layer, own = ''] = /^(down|up)_blocks\.(\d)\.(\w+)\.(\d)\.(.+)$/.exec(name) ?? [];
    const perBlock = layersPerBlock + 1;
    const at = Number(block) * perBlock + Number(layer);
    if (part === 'downsamplers') {
      return `input_blocks.${(Number(block) + 1) * perBlock}.0.${own.replace('conv.', 'op.')}`;
    }
    const prefix = way === 'down' ? `input_blocks.${at + 1}` : `output_blocks.${at}`;
    if (part === 'resnets') return `${prefix}.0.${residual(own)}`;
    if (part === 'attentions') return `${prefix}.1.${own}`;
    const hasTransformer = levels[levels.length - 1 - Number(block)].up.some((depth) => depth > 0);
    return `output_blocks.${(Number(block) + 1) * perBlock - 1}.${hasTransformer ? 2 : 1}.${own}`;
  };
  return new Map([...tensors].map(([name, tensor]) => [rename(name), tensor]));
}

describe('parts of other files', () => {
  const Euler = sdxlScheduler('EulerDiscreteScheduler');
  const unetFile = 'unet/diffusion_pytorch_model.fp16.safetensors';

  test('a UNet in a file of its own, named as in diffusers or with a prefix, is that UNet', async () => {
    const expected = await drawn(await familyFolder({ scheduler: Euler, unetConfig: { sample_size: 8 } }));
    const broken = await familyFolder({ scheduler: Euler, unetConfig: { sample_size: 8 } });
    const unet = await readTensors(join(broken, unetFile));
    const zeros = unet.map((tensor) => ({ ...tensor, bytes: new Uint8Array(tensor.bytes.length) }));
    await saved(join(broken, unetFile), zeros);
    for (const prefix of ['', 'unet.']) {
      const file = join(await temporaryFolder(), 'other.safetensors');
      await saved(
        file,
        unet.map((tensor) => ({ ...tensor, name: prefix + tensor.name })),
      );
      expect(await drawn(broken, { unet: file })).toEqual(expected);
    }
    expect(await drawn(broken)).not.toEqual(expected);
  });

  test('a VAE in a file of its own is that VAE, scaled as the model’s', async () => {
    const folder = await familyFolder({ scheduler: Euler, unetConfig: { sample_size: 8 } });
    const expected = await drawn(folder);
    const file = fixturePath('model/vae/diffusion_pytorch_model.fp16.safetensors');
    expect(await drawn(folder, { vae: file })).toEqual(expected);
    const other = join(await temporaryFolder(), 'vae.safetensors');
    const tensors = await readTensors(file);
    await saved(
      other,
      tensors.map((tensor) =>
        tensor.name === 'decoder.conv_out.bias' ? { ...tensor, bytes: new Uint8Array(tensor.bytes.length) } : tensor,
      ),
    );
    expect(await drawn(folder, { vae: other })).not.toEqual(expected);
  });

  test('a file without such a network is refused by what it has', async () => {
    const folder = await familyFolder({ scheduler: Euler });
    const file = fixturePath('model/vae/diffusion_pytorch_model.fp16.safetensors');
    await expect(loadModel(folder, { unet: file })).rejects.toMatchObject({
      code: 'model_unsupported',
      message: expect.stringMatching(/has no UNet of the SDXL line/),
    });
  });
});

describe('what a model is told to be', () => {
  test('a family that is named decides how it is sampled, whatever its scheduler says', async () => {
    const path = await familyFolder({ scheduler: sdxlScheduler('EulerDiscreteScheduler') });
    const { info, scheduler } = await inspectModel(path, { family: 'sdxl-turbo' });
    expect(info).toMatchObject({ familyName: 'sdxl-turbo', defaults: { steps: 4, guidanceScale: 0 } });
    expect(scheduler).toMatchObject({ algorithm: 'euler_ancestral', timestepSpacing: 'trailing' });
    const { problems } = await inspectModel(path, { family: JSON.parse('"sd-turbo"') });
    expect(problems).toMatchObject([
      { code: 'invalid_request', message: expect.stringMatching(/family must be one of/) },
    ]);
  });

  test('limits are the model’s: more steps than a consistency model was distilled from are refused', async () => {
    const path = await familyFolder({ scheduler: sdxlScheduler('LCMScheduler') });
    const model = await loadModel(path);
    expect(model.info.limits).toEqual({ steps: { min: 1, max: 50 }, guidance: { min: 0, max: 25 } });
    const asked = model.generate({ prompt: 'x', steps: 51, width: 64, height: 64 });
    await expect(asked).rejects.toMatchObject({ code: 'invalid_request', details: { param: 'steps' } });
    await expect(model.generate({ prompt: 'x', scheduler: 'edm_euler' })).rejects.toMatchObject({
      message: expect.stringMatching(/scheduler must be euler or/),
    });
    await model.close();
  });

  test('a scheduler that the engine does not have is refused with those that it has', async () => {
    const path = await familyFolder({ scheduler: sdxlScheduler('PNDMScheduler') });
    await expect(loadModel(path)).rejects.toMatchObject({
      code: 'model_unsupported',
      message: expect.stringMatching(/_class_name is "PNDMScheduler", this engine has "EulerDiscreteScheduler" or/),
      remedy: expect.stringMatching(/does not depend on the sampler/),
    });
  });

  test('CosXL, whose EDM network predicts v, is refused', async () => {
    const scheduler = { _class_name: 'EDMEulerScheduler', prediction_type: 'v_prediction', sigma_max: 120 };
    const { problems } = await inspectModel(await familyFolder({ scheduler }));
    expect(problems).toMatchObject([{ code: 'model_unsupported', message: expect.stringMatching(/v_prediction/) }]);
  });

  test('a configuration with numbers that JSON does not have is read', async () => {
    const path = await familyFolder({
      scheduler: sdxlScheduler('DPMSolverMultistepScheduler', { note: 'NaN, "Infinity"' }),
    });
    const file = join(path, 'scheduler/scheduler_config.json');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('{', '{"lambda_min_clipped": -Infinity, "unknown": [NaN, Infinity],'));
    expect(await inspectModel(path)).toMatchObject({ problems: [], scheduler: { algorithm: 'dpmpp_2m' } });
    await writeFile(file, text.replace('{', '{"lambda_min_clipped": -Infinite,'));
    expect((await inspectModel(path)).problems).toMatchObject([{ code: 'model_config_invalid' }]);
  });
});

async function saved(path: string, tensors: readonly Tensor[]): Promise<void> {
  await rm(path, { force: true }); // never through a link to a fixture
  await writeSafetensors(path, tensors);
}

async function drawn(path: string, options: LoadOptions = {}): Promise<Buffer> {
  const model = await loadModel(path, { cacheDir: await temporaryFolder(), ...options });
  try {
    const { images } = await model.generate({ prompt: 'a fox', width: 64, height: 64, steps: 1, seed: 3 });
    return Buffer.from(images[0].data);
  } finally {
    await model.close();
  }
}
