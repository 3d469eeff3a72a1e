import { encodeImage } from '@easel/engine';
import { expect, test } from 'vitest';
import { textsOfPng } from './png-text.ts';
import { settingsOfTexts } from './settings-of-texts.ts';

const settingsOf = (keyword: string, text: unknown) =>
  settingsOfTexts(new Map([[keyword, typeof text === 'string' ? text : JSON.stringify(text)]]))?.settings ?? null;

test('the settings of a picture made here come back from its file, whatever the prompt is written in', async () => {
  const parameters = {
    prompt: 'ein roter Äpfel, "reif"\nauf 青い background',
    negativePrompt: 'clouds, rain',
    steps: 30,
    scheduler: 'edm_euler',
    guidanceScale: 4.5,
    seed: 999_999_999_999_999n,
    width: 96,
    height: 64,
    model: 'easel-demo',
    easelVersion: '1',
  } as const;
  const picture = { width: 96, height: 64, data: new Uint8Array(96 * 64 * 3) };
  const file = new Uint8Array(await encodeImage(picture, { format: 'png', parameters }));
  expect(settingsOfTexts(await textsOfPng(file))?.settings).toEqual({
    prompt: parameters.prompt,
    negativePrompt: 'clouds, rain',
    samples: 1,
    steps: 30,
    seed: 999_999_999_999_999,
    guidanceScale: 4.5,
    width: 96,
    height: 64,
    scheduler: 'edm_euler',
    model: 'easel-demo',
  });
});

test("AUTOMATIC1111's parameters are understood as far as they go", () => {
  const text =
    'masterpiece, a cat\nNegative prompt: blurry\nSteps: 20, Sampler: DPM++ 2M Karras, CFG scale: 7, Seed: 1234, Size: 512x768, Model hash: abc, Model: sdxl_base, Version: "v1, x"';
  expect(settingsOf('parameters', text)).toEqual({
    prompt: 'masterpiece, a cat',
    negativePrompt: 'blurry',
    samples: 1,
    steps: 20,
    guidanceScale: 7,
    seed: 1234,
    width: 512,
    height: 768,
    scheduler: 'edm_dpmpp_2m',
    model: 'sdxl_base',
  });
  expect(settingsOf('parameters', 'just a prompt')).toEqual({
    prompt: 'just a prompt',
    negativePrompt: '',
    samples: 1,
  });
});

test("InvokeAI's metadata are understood", () => {
  const metadata = {
    positive_prompt: 'a lighthouse',
    negative_prompt: 'fog',
    width: 1024,
    height: 768,
    seed: 356120443,
    cfg_scale: 7.5,
    steps: 50,
    scheduler: 'euler_a',
    model: { name: 'playground-v2.5', hash: 'x' },
  };
  expect(settingsOf('invokeai_metadata', metadata)).toEqual({
    prompt: 'a lighthouse',
    negativePrompt: 'fog',
    samples: 1,
    width: 1024,
    height: 768,
    seed: 356120443,
    guidanceScale: 7.5,
    steps: 50,
    scheduler: 'edm_euler',
    model: 'playground-v2.5',
  });
});

test("ComfyUI's graph is followed from its sampler to the texts, the size and the checkpoint", () => {
  const graph = {
    '3': {
      class_type: 'KSampler',
      inputs: {
        seed: 77,
        steps: 30,
        cfg: 5.5,
        sampler_name: 'dpmpp_2m',
        model: ['10', 0],
        positive: ['6', 0],
        negative: ['7', 0],
        latent_image: ['5', 0],
      },
    },
    '4': { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name: 'sdxl.safetensors' } },
    '5': { class_type: 'EmptyLatentImage', inputs: { width: 832, height: 1216, batch_size: 1 } },
    '6': { class_type: 'CLIPTextEncode', inputs: { text: ['9', 0], clip: ['4', 1] } },
    '7': { class_type: 'CLIPTextEncodeSDXL', inputs: { text_g: 'blurry', text_l: 'blurry', clip: ['4', 1] } },
    '9': { class_type: 'PrimitiveString', inputs: { value: 'a harbour at dawn' } },
    '10': { class_type: 'LoraLoader', inputs: { lora_name: 'x', model: ['4', 0] } },
  };
  expect(settingsOf('prompt', graph)).toEqual({
    prompt: 'a harbour at dawn',
    negativePrompt: 'blurry',
    samples: 1,
    seed: 77,
    steps: 30,
    guidanceScale: 5.5,
    width: 832,
    height: 1216,
    scheduler: 'edm_dpmpp_2m',
    model: 'sdxl',
  });
});

test('a graph that goes in circles, or has no sampler, ends', () => {
  const circle = {
    '1': { inputs: { positive: ['2', 0], steps: 20, latent_image: ['1', 0] } },
    '2': { inputs: { text: ['2', 0] } },
  };
  expect(settingsOf('prompt', circle)).toEqual({ negativePrompt: '', samples: 1, steps: 20 });
  expect(settingsOf('prompt', { '1': { inputs: { text: 'x' } } })).toBeNull();
  for (const text of ['[]', 'null', '7', '"x"', '{', '{"1": null}']) expect(settingsOf('prompt', text)).toBeNull();
});

test('what no form allows is not believed', () => {
  expect(settingsOf('parameters', 'a\nSteps: 5000, Seed: -3, CFG scale: 1e9, Size: 0x64')).toEqual({
    prompt: 'a',
    negativePrompt: '',
    samples: 1,
  });
  expect(settingsOf('invokeai_metadata', { positive_prompt: { x: 1 }, steps: [20], seed: 1.5, model: null })).toEqual({
    negativePrompt: '',
    samples: 1,
  });
});

test("ComfyUI's numbers that are none do not keep its graph from being read", () => {
  const graph =
    '{"1": {"is_changed": [NaN, -Infinity], "inputs": {"seed": 5, "steps": 20, "positive": ["2", 0], "latent_image": ["9", 0]}}, "2": {"inputs": {"text": "a boat"}}}';
  expect(settingsOf('prompt', graph)).toMatchObject({ prompt: 'a boat', seed: 5 });
});

test('what is not taken is said', () => {
  const of = (text: string) => settingsOfTexts(new Map([['parameters', text]]))?.leftOut;
  expect(of('a\nSteps: 150, Seed: 18446744073709551615, CFG scale: 30, Size: 64x64')).toEqual([
    'steps 150',
    'seed 18446744073709551615',
    'guidance 30',
  ]);
  expect(of('a\nSteps: 20, Seed: 1')).toEqual([]);
  expect(of('x'.repeat(20_000))?.[0]).toMatch(/^prompt x{40}…$/);
});
