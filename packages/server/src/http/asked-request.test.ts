import { embeddedModelSizes, type JobCreate, RANDOM_SEED_MAX, type Size } from '@easel/contract';
import { expect, test } from 'vitest';
import type { ModelCard } from '../models/model-card.ts';
import { askedBy, jobRequestOf } from './asked-request.ts';

const card: ModelCard = {
  slug: 'demo',
  name: 'easel-demo',
  family: 'playground-v2.5',
  takesNegativePrompt: true,
  notices: [],
  isDefault: true,
  isEmbedded: true,
  licence: undefined,
  defaults: { width: 128, height: 128, steps: 25, guidanceScale: 3, scheduler: 'edm_dpmpp_2m', profile: 'exact' },
  sizes: embeddedModelSizes,
  allowed: {
    scheduler: { choices: ['edm_dpmpp_2m'] },
    profile: { choices: ['exact'], because: 'its 8-bit weights have not been made' },
  },
  devices: [],
  bytes: 0,
  loras: [],
  unfitLoras: new Map(),
};

function requestOf(body: JobCreate, picture: Size | null = null) {
  return jobRequestOf(askedBy(body, 'api'), card, picture);
}

test('a prompt alone becomes a complete request', () => {
  const { seed, ...request } = requestOf({ prompt: 'an apple' });
  expect(Number.isInteger(seed) && seed >= 0 && seed <= RANDOM_SEED_MAX).toBe(true);
  expect(request).toEqual({
    model: 'demo',
    prompt: 'an apple',
    prompt2: null,
    negativePrompt: null,
    style: null,
    upscale: null,
    upscaler: null,
    variationSeed: null,
    variationStrength: 0,
    promptWeighting: false,
    longPrompts: false,
    loraTags: false,
    width: 128,
    height: 128,
    samples: 1,
    steps: 25,
    guidanceScale: 3,
    guidanceRescale: 0,
    scheduler: 'edm_dpmpp_2m',
    profile: 'exact',
    format: 'jpeg',
    quality: 95,
    embedParameters: true,
    image: null,
    mask: null,
    maskPadding: null,
    maskBlur: null,
    strength: null,
    loras: null,
    preview: false,
  });
});

test('the empty negative prompt is a text, and "None" is none', () => {
  expect(requestOf({ prompt: 'a', negative_prompt: '' }).negativePrompt).toBe('');
  expect(requestOf({ prompt: 'a', negative_prompt: 'None' }).negativePrompt).toBeNull();
});

test('a strength counts only with a picture, and has a default then', () => {
  expect(requestOf({ prompt: 'a', strength: 0.3 }).strength).toBeNull();
  expect(requestOf({ prompt: 'a' }, { width: 30, height: 20 }).strength).toBe(0.6);
  expect(requestOf({ prompt: 'a', strength: 0 }, { width: 30, height: 20 }).strength).toBe(0);
});

test('a size that the model does not draw is refused under the name that it was sent by', () => {
  expect(() => requestOf({ prompt: 'a', height: 512 })).toThrow(
    expect.objectContaining({ code: 'invalid_request', param: 'height' }),
  );
});

test('a value that the API knows and the model does not is refused with those that it takes', () => {
  expect(() => requestOf({ prompt: 'a', scheduler: 'edm_euler' })).toThrow(
    'scheduler must be edm_dpmpp_2m with the model demo (got "edm_euler")',
  );
});

test('a profile that the model does not offer is refused with the reason, and a silent request gets the default one', () => {
  expect(() => requestOf({ prompt: 'a', profile: 'fast' })).toThrow(
    expect.objectContaining({
      code: 'invalid_request',
      param: 'profile',
      message: 'profile must be exact with the model demo (got "fast"): its 8-bit weights have not been made',
    }),
  );
  const all = { ...card, defaults: { ...card.defaults, profile: 'int8' }, allowed: {} } as const;
  const profileOf = (body: JobCreate) => jobRequestOf(askedBy(body, 'api'), all, null).profile;
  expect(profileOf({ prompt: 'a' })).toBe('int8');
  expect(profileOf({ prompt: 'a', profile: 'exact' })).toBe('exact');
});

test('the other names that a client used are remembered for messages about them', () => {
  expect(requestOf({ prompt: 'a', width: 64, img_height: 64 }).called).toEqual({ width: 'width' });
  expect(requestOf({ prompt: 'a', img_width: 64 })).not.toHaveProperty('called');
});

test('a picture to start from gives its shape where no size is named, to the nearest that the model draws', () => {
  const picture = { width: 3000, height: 2000 };
  expect(requestOf({ prompt: 'a' }, picture)).toMatchObject({ width: 152, height: 104 });
  expect(requestOf({ prompt: 'a', aspect_ratio: '1:1' }, picture)).toMatchObject({ width: 128, height: 128 });
  expect(requestOf({ prompt: 'a', width: 64 }, picture)).toMatchObject({ width: 64, height: 128 });
});
