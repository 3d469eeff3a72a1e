import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isObject, parseJson } from '../json.ts';
import { readSettings } from '../read-settings.ts';
import { readComfyui } from './comfyui.ts';

type Nodes = Readonly<Record<string, readonly [type: string, inputs: Readonly<Record<string, unknown>>]>>;

const graphOf = (nodes: Nodes) =>
  Object.fromEntries(Object.entries(nodes).map(([id, [class_type, inputs]]) => [id, { class_type, inputs }]));
const read = (nodes: Nodes) => readComfyui(graphOf(nodes));
const named = (nodes: Nodes) => read(nodes).leftOut.map(({ what, value }) => `${what} ${value}`.trim());
const fixture = (name: string) =>
  readSettings(new Uint8Array(readFileSync(new URL(`../../test/fixtures/${name}`, import.meta.url))));

const plain = {
  1: ['CheckpointLoaderSimple', { ckpt_name: 'folder/sdxl.safetensors' }],
  2: ['CLIPTextEncode', { text: 'a boat', clip: ['1', 1] }],
  3: ['CLIPTextEncode', { text: 'fog', clip: ['1', 1] }],
  4: ['EmptyLatentImage', { width: 832, height: 1216, batch_size: 1 }],
  5: [
    'KSampler',
    {
      seed: 77,
      steps: 30,
      cfg: 5.5,
      sampler_name: 'dpmpp_2m',
      scheduler: 'karras',
      denoise: 1,
      model: ['1', 0],
      positive: ['2', 0],
      negative: ['3', 0],
      latent_image: ['4', 0],
    },
  ],
  6: ['VAEDecode', { samples: ['5', 0], vae: ['1', 2] }],
  7: ['SaveImage', { filename_prefix: 'x', images: ['6', 0] }],
} as const satisfies Nodes;

const settings = {
  prompt: 'a boat',
  negativePrompt: 'fog',
  seed: 77n,
  steps: 30,
  guidanceScale: 5.5,
  width: 832,
  height: 1216,
  scheduler: 'edm_dpmpp_2m',
  sigmaSchedule: 'karras',
  model: 'sdxl',
};

test('the common graph is read whole', () => {
  expect(read(plain)).toEqual({ source: 'comfyui', settings, leftOut: [] });
});

test('a ControlNet between text and sampler is passed, and named', () => {
  expect(fixture('comfyui-controlnet-between-text-and-sampler.png')).toMatchObject({
    settings: { prompt: 'a wooden boat', negativePrompt: 'fog', seed: 77n, scheduler: 'edm_euler' },
    leftOut: [{ what: 'ControlNet' }, { what: 'schedule', value: 'normal' }],
  });
});

test('a seed from another node is found, and one that is not in the file is named', () => {
  expect(fixture('comfyui-seed-from-a-node.png')?.settings.seed).toBe(99n);
  const sampler = ['KSampler', { ...plain[5][1], seed: ['8', 0], steps: ['9', 0] }] as const;
  const nodes = { ...plain, 5: sampler, 8: ['Seed (rgthree)', { seed: 5 }], 9: ['Mystery', {}] } as const;
  expect(read(nodes).settings).toMatchObject({ seed: 5n });
  expect(named(nodes)).toEqual(['steps']);
});

describe('texts', () => {
  const withPositive = (others: Nodes): Nodes => ({
    ...plain,
    5: ['KSampler', { ...plain[5][1], positive: ['20', 0] }],
    ...others,
  });
  const promptOf = (others: Nodes) => read(withPositive(others)).settings.prompt;

  test('come through other nodes', () => {
    expect(
      promptOf({ 20: ['CLIPTextEncode', { text: ['21', 0] }], 21: ['PrimitiveString', { value: 'a harbour' }] }),
    ).toBe('a harbour');
    const concatenate = { string_a: 'a red', string_b: ['22', 0], delimiter: ' ' };
    expect(
      promptOf({
        20: ['CLIPTextEncode', { text: ['21', 0] }],
        21: ['StringConcatenate', concatenate],
        22: ['ShowText|pysssss', { text: ['23', 0] }],
        23: ['Text Multiline', { text: 'harbour' }],
      }),
    ).toBe('a red harbour');
    expect(promptOf({ 20: ['Reroute', { '': ['2', 0] }] })).toBe('a boat');
  });

  test('of both encoders are told apart', () => {
    const node = (text_l: string, text_g: string) => withPositive({ 20: ['CLIPTextEncodeSDXL', { text_l, text_g }] });
    expect(read(node('one', 'two')).settings).toMatchObject({ prompt: 'one', prompt2: 'two' });
    expect(read(node('one', 'one')).settings.prompt2).toBeUndefined();
    expect(read(node('', 'two')).settings.prompt).toBe('two');
  });

  test('of combined conditionings are joined, and that is said', () => {
    const nodes = withPositive({ 20: ['ConditioningCombine', { conditioning_1: ['2', 0], conditioning_2: ['3', 0] }] });
    expect(read(nodes).settings.prompt).toBe('a boat, fog');
    expect(named(nodes)).toContain('combined prompts ConditioningCombine');
  });

  test('that are nowhere leave the prompt unknown, and that is said', () => {
    const nodes = withPositive({ 20: ['MagicPrompt', { model: ['1', 0] }] });
    expect(read(nodes).settings.prompt).toBeUndefined();
    expect(named(nodes)).toContain('prompt');
  });

  test('a conditioning of zeros is no negative prompt', () => {
    const sampler = ['KSampler', { ...plain[5][1], negative: ['20', 0] }] as const;
    expect(
      read({ ...plain, 5: sampler, 20: ['ConditioningZeroOut', { conditioning: ['2', 0] }] }).settings.negativePrompt,
    ).toBeNull();
  });

  test('weights and tags are named', () => {
    expect(named(withPositive({ 20: ['CLIPTextEncode', { text: '(red:1.3) boat, embedding:x' }] }))).toEqual([
      'weight (red:1.3)',
      'embedding embedding:x',
    ]);
  });
});

test('SamplerCustomAdvanced is followed to its guider, noise and noise levels', () => {
  const nodes: Nodes = {
    ...plain,
    5: [
      'SamplerCustomAdvanced',
      { noise: ['10', 0], guider: ['11', 0], sampler: ['12', 0], sigmas: ['13', 0], latent_image: ['4', 0] },
    ],
    10: ['RandomNoise', { noise_seed: 77 }],
    11: ['CFGGuider', { model: ['1', 0], positive: ['14', 0], negative: ['3', 0], cfg: 5.5 }],
    12: ['KSamplerSelect', { sampler_name: 'dpmpp_2m' }],
    13: ['BasicScheduler', { model: ['1', 0], scheduler: 'karras', steps: 30, denoise: 1 }],
    14: ['FluxGuidance', { conditioning: ['2', 0], guidance: 3.5 }],
  };
  expect(read(nodes).settings).toEqual(settings);
  expect(named(nodes)).toEqual(['distilled guidance 3.5']);
  const basic: Nodes = { ...nodes, 11: ['BasicGuider', { model: ['1', 0], conditioning: ['2', 0] }] };
  expect(read(basic).settings.prompt).toBe('a boat');
});

test('SamplerCustom and KSamplerAdvanced are read', () => {
  const { positive, negative, model, latent_image } = plain[5][1];
  const custom = {
    model,
    positive,
    negative,
    latent_image,
    noise_seed: 77,
    cfg: 5.5,
    sampler: ['12', 0],
    sigmas: ['13', 0],
  };
  const nodes: Nodes = {
    ...plain,
    5: ['SamplerCustom', custom],
    12: ['KSamplerSelect', { sampler_name: 'dpmpp_2m' }],
    13: ['KarrasScheduler', { steps: 30, sigma_max: 80, sigma_min: 0.002, rho: 7 }],
  };
  expect(read(nodes)).toEqual({ source: 'comfyui', settings, leftOut: [] });
  const { seed: _, denoise: __, ...others } = plain[5][1];
  expect(read({ ...plain, 5: ['KSamplerAdvanced', { ...others, noise_seed: 77, start_at_step: 0 }] }).settings).toEqual(
    settings,
  );
});

test('what has no counterpart is named: LoRAs, clip skip, another sampler, a second pass, a start image', () => {
  const nodes: Nodes = {
    ...plain,
    2: ['CLIPTextEncode', { text: 'a boat', clip: ['16', 0] }],
    5: [
      'KSampler',
      {
        ...plain[5][1],
        sampler_name: 'dpmpp_sde',
        scheduler: 'simple',
        denoise: 0.5,
        model: ['15', 0],
        latent_image: ['18', 0],
      },
    ],
    6: ['VAEDecode', { samples: ['17', 0] }],
    8: [
      'Power Lora Loader (rgthree)',
      { model: ['1', 0], lora_1: { on: true, lora: 'b', strength: 1 }, lora_2: { on: false, lora: 'c' } },
    ],
    15: ['LoraLoader', { lora_name: 'a', strength_model: 0.8, model: ['8', 0] }],
    16: ['CLIPSetLastLayer', { clip: ['1', 1], stop_at_clip_layer: -2 }],
    17: ['KSampler', { ...plain[5][1], latent_image: ['5', 0] }],
    18: ['VAEEncode', { pixels: ['19', 0] }],
    19: ['LoadImage', { image: 'x.png' }],
  };
  expect(read(nodes).settings).toMatchObject({ prompt: 'a boat', strength: 0.5 });
  expect(read(nodes).settings.scheduler).toBeUndefined();
  expect(named(nodes)).toEqual([
    'further sampler KSampler',
    'clip skip -2',
    'sampler dpmpp_sde',
    'schedule simple',
    'start image',
    'LoRA a (0.8)',
    'LoRA b (1)',
  ]);
});

test('numbers that JSON does not have do not keep a graph from being read, and large seeds are exact', () => {
  const json = JSON.stringify(graphOf(plain))
    .replace('77', '18446744073709551615')
    .replace('"a boat"', '"a NaN boat 12345678901234567890"')
    .replace('5.5', 'NaN');
  const value = parseJson(json);
  expect(isObject(value) && readComfyui(value).settings).toMatchObject({
    seed: 18446744073709551615n,
    prompt: 'a NaN boat 12345678901234567890',
  });
});

test('a file with only the workflow of the editor is read, muted and bypassed nodes as the editor means them', () => {
  const node = (
    id: number,
    type: string,
    widgets_values: unknown,
    inputs: readonly (readonly [string, string, number])[],
    others = {},
  ) => ({
    id,
    type,
    widgets_values,
    inputs: inputs.map(([name, kind, link]) => ({ name, type: kind, link })),
    ...others,
  });
  const workflow = {
    nodes: [
      node(1, 'CheckpointLoaderSimple', ['sdxl.safetensors'], []),
      node(2, 'CLIPTextEncode', ['a boat'], [['clip', 'CLIP', 1]]),
      node(3, 'CLIPTextEncode', ['fog'], [['clip', 'CLIP', 1]]),
      node(4, 'EmptyLatentImage', [832, 1216, 1], []),
      node(
        5,
        'KSampler',
        [77, 'randomize', 30, 5.5, 'dpmpp_2m', 'karras', 1],
        [
          ['model', 'MODEL', 8],
          ['positive', 'CONDITIONING', 3],
          ['negative', 'CONDITIONING', 4],
          ['latent_image', 'LATENT', 5],
        ],
      ),
      node(6, 'VAEDecode', [], [['samples', 'LATENT', 6]]),
      node(7, 'SaveImage', ['x'], [['images', 'IMAGE', 7]]),
      node(8, 'LoraLoader', ['oil', 1, 1], [['model', 'MODEL', 2]], { mode: 4, outputs: [{ type: 'MODEL' }] }),
      node(9, 'SaveImage', ['y'], [], { mode: 2 }),
    ],
    links: [
      [1, 1, 1, 2, 0, 'CLIP'],
      [2, 1, 0, 8, 0, 'MODEL'],
      [3, 2, 0, 5, 1, 'CONDITIONING'],
      [4, 3, 0, 5, 2, 'CONDITIONING'],
      [5, 4, 0, 5, 3, 'LATENT'],
      [6, 5, 0, 6, 0, 'LATENT'],
      [7, 6, 0, 7, 0, 'IMAGE'],
      [8, 8, 0, 5, 0, 'MODEL'],
    ],
  };
  expect(readComfyui(workflow)).toEqual({ source: 'comfyui', settings, leftOut: [] });
});

describe('hostile graphs', () => {
  test('a graph that goes in circles, or has no sampler, ends', () => {
    const circle = read({
      1: ['', { positive: ['2', 0], steps: 20, latent_image: ['1', 0] }],
      2: ['', { text: ['2', 0] }],
    });
    expect(circle.settings).toEqual({ steps: 20 });
    expect(circle.leftOut).toContainEqual({ what: 'prompt', value: '', why: 'not found in the file' });
    expect(read({ 1: ['', { text: 'x' }] }).settings).toEqual({});
  });

  test('texts that double at every node, and thousands of samplers, end', () => {
    const doubling = Object.fromEntries(
      Array.from({ length: 60 }, (_, index) => [
        `${100 + index}`,
        ['StringConcatenate', { string_a: [`${101 + index}`, 0], string_b: [`${101 + index}`, 0] }] as const,
      ]),
    );
    const last = { 160: ['PrimitiveString', { value: 'x'.repeat(1000) }] } as const;
    const start = { 2: ['CLIPTextEncode', { text: ['100', 0] }] } as const;
    expect(read({ ...plain, ...start, ...doubling, ...last }).source).toBe('comfyui');
    const samplers = Array.from({ length: 4900 }, (_, index) => [
      `s${index}`,
      ['KSampler', { ...plain[5][1], latent_image: [`s${index + 1}`, 0] }] as const,
    ]);
    expect(read({ ...Object.fromEntries(samplers) }).leftOut.length).toBeLessThan(103);
    const nodes = Array.from({ length: 6000 }, (_, index) => [`n${index}`, plain[5]] as const);
    expect(named(Object.fromEntries(nodes))).toEqual(['graph', 'prompt']);
  });

  test('random links between known nodes never throw', () => {
    const link = fc.tuple(fc.integer({ min: 0, max: 8 }).map(String), fc.integer({ min: 0, max: 2 }));
    const value = fc.oneof(link, fc.constant('text'), fc.integer(), fc.constant(null), fc.constant({}));
    const names = [
      'positive',
      'negative',
      'text',
      'conditioning',
      'steps',
      'seed',
      'model',
      'latent_image',
      'guider',
      'sigmas',
      'clip',
      'string_a',
    ];
    const node = fc.tuple(
      fc.constantFrom('KSampler', 'StringConcatenate', 'Reroute', 'ControlNetApply'),
      fc.dictionary(fc.constantFrom(...names), value),
    );
    fc.assert(
      fc.property(fc.array(node, { minLength: 1, maxLength: 9 }), (nodes) => {
        expect(readComfyui(graphOf(Object.fromEntries(nodes.entries()))).source).toBe('comfyui');
      }),
      { numRuns: 500 },
    );
  });
});
