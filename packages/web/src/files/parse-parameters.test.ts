import { encodeImage } from '@easel/engine';
import { expect, test } from 'vitest';
import { parseParameters } from './parse-parameters.ts';
import { parametersOfPng } from './png-text.ts';

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
  const text = parametersOfPng(await encodeImage(picture, { format: 'png', parameters }));
  expect(parseParameters(text ?? '')).toEqual({
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

test('the texts of other tools are understood as far as they go', () => {
  const text =
    'masterpiece, a cat\nNegative prompt: blurry\nSteps: 20, Sampler: DPM++ 2M Karras, CFG scale: 7, Seed: 1234, Size: 512x768, Model hash: abc, Model: sdxl_base, Version: "v1, x"';
  expect(parseParameters(text)).toMatchObject({
    prompt: 'masterpiece, a cat',
    negativePrompt: 'blurry',
    steps: 20,
    seed: 1234,
    width: 512,
    height: 768,
  });
  expect(parseParameters('just a prompt')).toEqual({ prompt: 'just a prompt', negativePrompt: '', samples: 1 });
});

test('what no form allows is not believed', () => {
  expect(parseParameters('a\nSteps: 5000, Seed: -3, CFG scale: 1e9')).toEqual({
    prompt: 'a',
    negativePrompt: '',
    samples: 1,
  });
});

test('other files have no parameters', () => {
  expect(parametersOfPng(new Uint8Array([1, 2, 3]))).toBeNull();
  expect(parametersOfPng(new Uint8Array())).toBeNull();
});
