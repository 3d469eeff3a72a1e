import { explainInvalid, jobCreateSchema } from '@easel/contract';
import { expect, test } from 'vitest';
import { buildJob, checkRemoteFlags } from './build-job.ts';
import type { GenerateFlags } from './generate-flags.ts';

const flags: GenerateFlags = { samples: 2, metadata: true, show: true };
const parts = { prompt: 'a fox', flags, seed: 7, format: 'png', image: undefined, preview: false } as const;

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
  };
  const job = buildJob({ ...parts, flags: all, image: 'AAAA' });
  expect(explainInvalid(jobCreateSchema, job)).toBeUndefined();
  expect(job).toMatchObject({
    img_width: 96,
    img_height: 64,
    negative_prompt: 'c',
    embed_parameters: false,
    image: 'AAAA',
  });
});

test('options that would do nothing are refused by name', () => {
  expect(() => checkRemoteFlags({ ...flags, solverOrder: 2 })).toThrow('--solver-order');
  expect(() => checkRemoteFlags({ ...flags, threads: 2 })).toThrow('--threads');
  expect(() => checkRemoteFlags(flags)).not.toThrow();
});
