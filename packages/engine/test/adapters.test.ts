import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TrainedNoise } from '../src/adapters/adapter-file.ts';
import { AdapterShelf } from '../src/adapters/adapter-shelf.ts';
import type { TensorInfo } from '../src/weights/safetensors.ts';
import { type NewTensor, writeSafetensors } from './safetensors-files.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'easel-adapters-'));
});
afterAll(() => rm(folder, { recursive: true }));

const shapes = {
  unet: {
    'down_blocks.0.resnets.0.conv1': [8, 8, 3, 3],
    'down_blocks.0.resnets.1.conv1': [8, 8, 3, 3],
    'down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k': [16, 2048],
    'down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_out.0': [16, 16],
    'down_blocks.1.attentions.0.proj_in': [16, 16],
    'mid_block.resnets.0.conv2': [16, 16, 3, 3],
    'up_blocks.0.upsamplers.0.conv': [16, 16, 3, 3],
    'up_blocks.0.attentions.0.proj_in': [16, 16],
    'up_blocks.1.resnets.1.conv_shortcut': [8, 16, 1, 1],
    'time_embedding.linear_1': [32, 8],
  },
  text_encoder: { 'text_model.encoder.layers.0.self_attn.q_proj': [6, 6] },
  text_encoder_2: { 'text_model.encoder.layers.1.mlp.fc1': [48, 12], text_projection: [12, 12] },
} as const;

function tensorsOf(layers: Readonly<Record<string, readonly number[]>>): ReadonlyMap<string, TensorInfo> {
  const rest = { file: '/model.safetensors', dtype: 'F16', offset: 0, byteLength: 0 };
  return new Map(Object.entries(layers).map(([name, shape]) => [`${name}.weight`, { ...rest, shape }]));
}

function shelf(noise: TrainedNoise = 'discrete'): AdapterShelf {
  const components = {
    unet: { tensors: tensorsOf(shapes.unet) },
    text_encoder: { tensors: tensorsOf(shapes.text_encoder) },
    text_encoder_2: { tensors: tensorsOf(shapes.text_encoder_2) },
  };
  return new AdapterShelf({ components, family: { noise } });
}

let files = 0;
async function adapter(
  tensors: Readonly<Record<string, readonly number[]>>,
  metadata: Readonly<Record<string, string>> = {},
  alpha?: number,
): Promise<string> {
  const file = join(folder, `a${files++}.safetensors`);
  const made = Object.entries(tensors).map(([name, shape]): NewTensor => {
    const bytes = name.endsWith('.alpha') ? new Uint8Array(Float32Array.of(alpha ?? 0).buffer) : undefined;
    return { name, dtype: 'F32', shape, ...(bytes && { bytes }) };
  });
  await writeSafetensors(file, made, metadata);
  return file;
}

const QUERY = 'down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k';
const fitting = { [`unet.${QUERY}.lora_A.weight`]: [4, 2048], [`unet.${QUERY}.lora_B.weight`]: [16, 4] };

async function namesOf(
  stem: string,
  down: readonly number[],
  up: readonly number[],
  ends = ['.lora_down', '.lora_up'],
) {
  const file = await adapter({ [`${stem}${ends[0]}.weight`]: down, [`${stem}${ends[1]}.weight`]: up });
  const { networks } = await shelf().open(file, false);
  return [...networks].flatMap(([part, layers]) => [...layers.keys()].map((name) => `${part}/${name}`));
}

test.each([
  ['lora_unet_down_blocks_0_resnets_1_conv1', 'down_blocks.0.resnets.1.conv1', [4, 8, 3, 3], [8, 4, 1, 1]],
  ['lora_unet_input_blocks_2_0_in_layers_2', 'down_blocks.0.resnets.1.conv1', [4, 8, 3, 3], [8, 4, 1, 1]],
  ['lora_unet_input_blocks_4_1_proj_in', 'down_blocks.1.attentions.0.proj_in', [4, 16, 1, 1], [16, 4, 1, 1]],
  ['lora_unet_middle_block_0_out_layers_3', 'mid_block.resnets.0.conv2', [4, 16, 3, 3], [16, 4, 1, 1]],
  ['lora_unet_output_blocks_2_2_conv', 'up_blocks.0.upsamplers.0.conv', [4, 16, 3, 3], [16, 4, 1, 1]],
  ['lora_unet_output_blocks_4_0_skip_connection', 'up_blocks.1.resnets.1.conv_shortcut', [4, 16], [8, 4]],
  ['diffusion_model.time_embed.0', 'time_embedding.linear_1', [4, 8], [32, 4]],
  ['base_model.model.down_blocks.1.attentions.0.proj_in', 'down_blocks.1.attentions.0.proj_in', [4, 16], [16, 4]],
])('%s is the layer %s of the UNet', async (stem, layer, down, up) => {
  expect(await namesOf(stem, down, up)).toEqual([`unet/${layer}`]);
});

test('layers of both encoders are found under their names of all times', async () => {
  const ends = ['.lora_linear_layer.down', '.lora_linear_layer.up'];
  const first = ['text_encoder/text_model.encoder.layers.0.self_attn.q_proj'];
  const query = 'text_model_encoder_layers_0_self_attn_q_proj';
  for (const prefix of ['lora_te', 'lora_te1'])
    expect(await namesOf(`${prefix}_${query}`, [4, 6], [6, 4]), prefix).toEqual(first);
  const dotted = 'text_encoder.text_model.encoder.layers.0.self_attn';
  expect(await namesOf(`${dotted}.q_proj`, [4, 6], [6, 4], ends)).toEqual(first);
  expect(await namesOf(`${dotted}.to_q`, [4, 6], [6, 4], ['_lora.down', '_lora.up'])).toEqual(first);
  expect(await namesOf('text_encoder.encoder.layers.0.self_attn.q_proj', [4, 6], [6, 4])).toEqual(first);
  const second = await namesOf('lora_te2_text_model_encoder_layers_1_mlp_fc1', [4, 12], [48, 4]);
  expect(second).toEqual(['text_encoder_2/text_model.encoder.layers.1.mlp.fc1']);
});

test.each([
  ['no alpha', undefined, {}, 1],
  ['an alpha of 0', 0, {}, 1],
  ['an alpha', 2, {}, 0.5],
  ['PEFT’s alpha', undefined, { 'unet.lora_alpha': 8 }, 2],
  ['PEFT’s alpha of the layer', undefined, { 'unet.lora_alpha': 8, 'unet.alpha_pattern': { 'attn2.to_k': 1 } }, 0.25],
  ['a rank-stabilised scale', undefined, { 'unet.lora_alpha': 8, 'unet.use_rslora': true }, 4],
])('with %s the scale is that of the tool that wrote the file', async (_, alpha, peft, scale) => {
  const all = alpha === undefined ? fitting : { ...fitting, [`unet.${QUERY}.alpha`]: [] };
  const file = await adapter(all, { lora_adapter_metadata: JSON.stringify(peft) }, alpha);
  const { networks } = await shelf().open(file, false);
  expect(networks.get('unet')?.get(QUERY)).toMatchObject({ rank: 4, scale });
});

test('of names of both kinds those of the original code are dropped', async () => {
  const both = {
    'lora_unet_input_blocks_2_0_in_layers_2.lora_down.weight': [2, 8, 3, 3],
    'lora_unet_input_blocks_2_0_in_layers_2.lora_up.weight': [8, 2, 1, 1],
    'lora_unet_down_blocks_1_attentions_0_proj_in.lora_down.weight': [4, 16],
    'lora_unet_down_blocks_1_attentions_0_proj_in.lora_up.weight': [16, 4],
  };
  const { networks } = await shelf().open(await adapter(both), false);
  expect([...(networks.get('unet')?.keys() ?? [])]).toEqual(['down_blocks.1.attentions.0.proj_in']);
});

test('a LoCon with a matrix in the middle has it', async () => {
  const stem = 'lora_unet_down_blocks_0_resnets_0_conv1';
  const tensors = {
    [`${stem}.lora_down.weight`]: [4, 8, 1, 1],
    [`${stem}.lora_mid.weight`]: [4, 4, 3, 3],
    [`${stem}.lora_up.weight`]: [8, 4, 1, 1],
  };
  const { networks } = await shelf().open(await adapter(tensors), false);
  expect(networks.get('unet')?.get('down_blocks.0.resnets.0.conv1')?.mid?.shape).toEqual([4, 4, 3, 3]);
});

test('layers that the model does not have are told, with their number and some names', async () => {
  const more = Object.fromEntries(
    [1, 2, 3, 4].flatMap((index) => [
      [`lora_unet_elsewhere_${index}.lora_down.weight`, [4, 16]],
      [`lora_unet_elsewhere_${index}.lora_up.weight`, [16, 4]],
    ]),
  );
  const { notices } = await shelf().open(await adapter({ ...fitting, ...more, 'a.b': [1] }), false);
  expect(notices).toEqual([
    expect.stringMatching(/changes 4 of 5 layers that the model does not have: lora_unet_elsewhere_1, .*_3 …/),
    expect.stringMatching(/has 1 tensors that are not used: a\.b/),
  ]);
});

test.each([
  ['LoHa', 'lora_unet_x.hada_w1_a'],
  ['LoKr', 'lora_unet_x.lokr_w1'],
  ['OFT', 'lora_unet_x.oft_blocks'],
  ['(IA)³', 'lora_unet_x.on_input'],
  ['GLoRA', 'lora_unet_x.a1.weight'],
  ['full differences', 'lora_unet_x.diff'],
  ['LoRA with biases', 'unet.x.lora_B.bias'],
  ['textual inversion', 'emb_params'],
])('%s is refused by name, beside a LoRA too', async (form, key) => {
  const refusal = { code: 'model_unsupported', message: expect.stringContaining(form) };
  await expect(shelf().open(await adapter({ ...fitting, [key]: [4, 4] }), false)).rejects.toMatchObject(refusal);
});

const wide = { [`lora_unet_${QUERY.replaceAll('.', '_')}.lora_down.weight`]: [4, 768] };
const wideUp = { [`lora_unet_${QUERY.replaceAll('.', '_')}.lora_up.weight`]: [16, 4] };
test.each([
  [
    'for Stable Diffusion 1.x',
    { ...wide, ...wideUp },
    /does not fit this model \(it looks like one for Stable Diffusion 1\.x\)/,
  ],
  ['for Flux', { 'lora_unet_double_blocks_0_img_attn_qkv.lora_down.weight': [4, 3072] }, /changes no layer.*Flux/],
  ['with half a pair', { [`unet.${QUERY}.lora_A.weight`]: [4, 2048] }, /has no up matrix/],
  ['of two adapters', { ...fitting, [`unet.${QUERY}.lora_A.second.weight`]: [4, 2048] }, /twice/],
  ['without a LoRA', { 'conv_in.weight': [8, 4, 3, 3] }, /is not a LoRA/],
  ['without tensors', {}, /is not a LoRA \(it has no tensors\)/],
])('a file %s is refused', async (_, tensors, message) => {
  await expect(shelf().open(await adapter(tensors), false)).rejects.toThrow(message);
});

const sdxl = { ss_base_model_version: 'sdxl_base_v1-0' };
const playground = { ss_sd_model_name: 'playground-v2.5-1024px-aesthetic.fp16.safetensors', ...sdxl };
test('an SDXL adapter on Playground v2.5 is refused unless it is forced, and the other way round', async () => {
  const file = await adapter(fitting, sdxl);
  const refusal = expect.objectContaining({
    code: 'model_unsupported',
    message: expect.stringMatching(/was trained on SDXL \(ss_base_model_version\); this is Playground v2\.5/),
  });
  await expect(shelf('edm').open(file, false)).rejects.toEqual(refusal);
  expect((await shelf('edm').open(file, true)).notices[0]).toMatch(/as asked for/);
  expect((await shelf('discrete').open(file, false)).notices).toEqual([]);
  const other = await adapter(fitting, playground);
  await expect(shelf('discrete').open(other, false)).rejects.toThrow(/was trained on Playground v2\.5/);
  expect((await shelf('edm').open(other, false)).notices).toEqual([]);
});

test('on Playground v2.5 an adapter that says nothing of its model is used with a notice', async () => {
  const { notices } = await shelf('edm').open(await adapter(fitting), false);
  expect(notices).toEqual([expect.stringMatching(/does not say which model it was trained on/)]);
});

test.each([
  [{ 'modelspec.architecture': 'stable-diffusion-v1/lora' }, 'Stable Diffusion 1.x'],
  [{ 'modelspec.architecture': 'flux-1-dev/lora' }, 'Flux'],
  [{ ss_base_model_version: 'sd_v2' }, 'Stable Diffusion 2.x'],
  [{ 'modelspec.architecture': 'stable-diffusion-xl-v1-refiner' }, 'the SDXL refiner'],
])('an adapter marked %s is refused, forced or not', async (metadata, what) => {
  const file = await adapter(fitting, metadata);
  for (const noise of ['edm', 'discrete'] as const)
    await expect(shelf(noise).open(file, true)).rejects.toThrow(`was trained on ${what}`);
});

test('a changed file is another adapter', async () => {
  const own = shelf();
  const file = await adapter(fitting);
  const before = await own.open(file, false);
  expect(await own.open(file, false)).toBe(before);
  await writeSafetensors(
    file,
    [...Object.entries(fitting)].map(([name, shape]) => ({ name, shape, dtype: 'F16' })),
  );
  expect((await own.open(file, false)).key).not.toBe(before.key);
});
