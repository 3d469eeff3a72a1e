import { explainInvalid, jobCreateSchema } from '@easel/contract';
import { expect, test } from 'vitest';
import { withOptionNames } from '../options.ts';
import { buildJob, checkRemoteFlags } from './build-job.ts';
import type { GenerateFlags } from './flags.ts';

const flags: GenerateFlags = { samples: 2, metadata: true, show: true };
const parts = { prompt: 'a fox', flags, seed: 7, format: 'png', start: undefined, preview: false } as const;

test('what is not asked for is left to the server', () => {
  expect(buildJob(parts)).toEqual({
    prompt: 'a fox',
    samples: 2,
    seed: 7,
    image_format: 'png',
    preview: false,
    embed_parameters: true,
  });
});

test('every option that a server knows gets its field, as the contract has it', () => {
  const all: GenerateFlags = {
    ...flags,
    metadata: false,
    model: 'playground-v2.5',
    prompt2: 'b',
    negativePrompt: 'c',
    steps: 30,
    guidanceScale: 5,
    guidanceRescale: 0.5,
    scheduler: 'edm_euler',
    quality: 80,
    size: { width: 96, height: 64 },
    strength: 0.5,
    upscale: 2,
    upscaler: 'network',
  };
  const job = buildJob({ ...parts, flags: all, start: { image: 'AAAA', mask: 'BBBB' } });
  expect(explainInvalid(jobCreateSchema, job)).toBeUndefined();
  expect(job).toMatchObject({
    img_width: 96,
    img_height: 64,
    negative_prompt: 'c',
    embed_parameters: false,
    image: 'AAAA',
    mask: 'BBBB',
    upscale: 2,
    upscaler: 'network',
  });
});

test('options that would do nothing are refused by name', () => {
  expect(() => checkRemoteFlags({ ...flags, solverOrder: 2 })).toThrow('--solver-order');
  expect(() => checkRemoteFlags({ ...flags, threads: 2 })).toThrow('--threads');
  expect(() => checkRemoteFlags({ ...flags, upscale: 2, upscaler: 'x4.safetensors' })).toThrow(
    '--upscaler must be model or network with --server',
  );
  expect(() => checkRemoteFlags({ ...flags, taesd: 'taesdxl.safetensors' })).toThrow('--taesd');
  expect(() => checkRemoteFlags(flags)).not.toThrow();
});

test('a value that the API does not take is refused with what the API takes', () => {
  expect(() => checkRemoteFlags({ ...flags, guidanceScale: 26 })).toThrow(
    '--guidance-scale must be from 0 to 25 with --server (got 26)',
  );
  expect(() => checkRemoteFlags({ ...flags, guidanceScale: 0, steps: 1 })).not.toThrow();
});

test('what a server says of a field is said of its option', () => {
  expect(withOptionNames('num_inference_steps must be smaller', 'num_inference_steps')).toBe('--steps must be smaller');
  expect(withOptionNames('img_width must be smaller', 'img_width')).toBe('--width must be smaller');
  expect(withOptionNames('model must be free', 'model')).toBe('--model must be free');
  expect(withOptionNames('prompt must be short', 'prompt')).toBe('the prompt must be short');
  expect(withOptionNames('there is no model x', 'model')).toBe('there is no model x');
});
