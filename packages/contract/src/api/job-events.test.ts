import { Check } from 'typebox/schema';
import { expect, test } from 'vitest';
import { isJobEventName, isLastEvent, type JobEventName, jobEventSchemas } from './job-events.ts';

const job = {
  id: '01980c5e-7d3a-7c61-9a52-3f0b6f1c2d4e',
  status: 'failed',
  model: 'playground-v2.5',
  prompt: null,
  prompt_2: null,
  negative_prompt: '',
  style: null,
  prompt_weighting: false,
  long_prompts: false,
  lora_tags: false,
  notes: [],
  samples: 1,
  num_inference_steps: 25,
  guidance_scale: 3,
  guidance_rescale: 0,
  seed: 42,
  variation_strength: 0,
  variation_seed: null,
  img_width: 1024,
  img_height: 1024,
  mask_padding: null,
  mask_blur: null,
  upscale: null,
  upscaler: null,
  strength: null,
  loras: null,
  scheduler: 'edm_euler',
  profile: 'fast',
  image_format: 'png',
  quality: 95,
  preview: false,
  priority: 0,
  store: false,
  drawn_by: null,
  device: null,
  favourite: false,
  price: 0.0037,
  created_at: '2026-01-31T12:00:00.000Z',
  started_at: null,
  finished_at: '2026-01-31T12:00:09.000Z',
  images: [],
  error: { code: 'server_error', message: 'the run failed' },
};

test.each<[JobEventName, unknown]>([
  ['queued', { position: 0, eta: null }],
  ['queued', { position: 3, eta: 12.5 }],
  ['started', { started_at: '2026-01-31T12:00:00.000Z' }],
  ['step', { index: 1, total: 25, sigma: 80, eta: 3.2 }],
  ['step', { index: 25, total: 25, sigma: 0.002, eta: 0, preview: 'data:image/jpeg;base64,/9j/' }],
  ['succeeded', { job }],
  ['failed', { job }],
  ['cancelled', { job }],
])('%s carries %j', (name, data) => {
  expect(Check(jobEventSchemas[name], data)).toBe(true);
});

test('steps count from 1, and an error has a code of the catalogue', () => {
  expect(Check(jobEventSchemas.step, { index: 0, total: 25, sigma: 80, eta: 1 })).toBe(false);
  const other = { ...job, error: { code: 'oops', message: 'x' } };
  expect(Check(jobEventSchemas.failed, { job: other })).toBe(false);
});

test('three events end the stream', () => {
  const names = Object.keys(jobEventSchemas).filter(isJobEventName);
  expect(names.filter(isLastEvent)).toEqual(['succeeded', 'failed', 'cancelled']);
  expect(isJobEventName('toString')).toBe(false);
});
