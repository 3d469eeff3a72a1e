import { embeddedModelSizes, RANDOM_SEED_MAX } from '@easel/contract';
import { expect, test } from 'vitest';
import type { ModelCard } from '../../domain/ports/painter.ts';
import { jobRequestOf } from './job-request.ts';

const card: ModelCard = {
  slug: 'demo',
  name: 'easel-demo',
  isDefault: true,
  isEmbedded: true,
  licence: undefined,
  defaults: { width: 128, height: 128, steps: 25, guidanceScale: 3, scheduler: 'edm_dpmpp_2m' },
  sizes: embeddedModelSizes,
};

test('a prompt alone becomes a complete request', () => {
  const { seed, ...request } = jobRequestOf({ prompt: 'an apple' }, card, null);
  expect(Number.isInteger(seed) && seed >= 0 && seed <= RANDOM_SEED_MAX).toBe(true);
  expect(request).toEqual({
    model: 'demo',
    prompt: 'an apple',
    prompt2: null,
    negativePrompt: null,
    width: 128,
    height: 128,
    samples: 1,
    steps: 25,
    guidanceScale: 3,
    guidanceRescale: 0,
    scheduler: 'edm_dpmpp_2m',
    format: 'jpeg',
    quality: 95,
    embedParameters: true,
    image: null,
    strength: null,
    preview: false,
  });
});

test('the empty negative prompt is a text, and "None" is none', () => {
  expect(jobRequestOf({ prompt: 'a', negative_prompt: '' }, card, null).negativePrompt).toBe('');
  expect(jobRequestOf({ prompt: 'a', negative_prompt: 'None' }, card, null).negativePrompt).toBeNull();
});

test('a strength counts only with a picture, and has a default then', () => {
  expect(jobRequestOf({ prompt: 'a', strength: 0.3 }, card, null).strength).toBeNull();
  expect(jobRequestOf({ prompt: 'a' }, card, { width: 30, height: 20 }).strength).toBe(0.6);
  expect(jobRequestOf({ prompt: 'a', strength: 0 }, card, { width: 30, height: 20 }).strength).toBe(0);
});

test('a size that the model does not draw is refused under the name that it was sent by', () => {
  expect(() => jobRequestOf({ prompt: 'a', height: 512 }, card, null)).toThrow(
    expect.objectContaining({ code: 'invalid_request', param: 'height' }),
  );
});

test('a picture to start from gives its shape where no size is named, to the nearest that the model draws', () => {
  const picture = { width: 3000, height: 2000 };
  expect(jobRequestOf({ prompt: 'a' }, card, picture)).toMatchObject({ width: 152, height: 104 });
  expect(jobRequestOf({ prompt: 'a', aspect_ratio: '1:1' }, card, picture)).toMatchObject({ width: 128, height: 128 });
  expect(jobRequestOf({ prompt: 'a', width: 64 }, card, picture)).toMatchObject({ width: 64, height: 128 });
});
