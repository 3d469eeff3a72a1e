import { explainInvalid, fillRequest, type Job, jobCreateSchema, tellRequest } from '@easel/contract';
import { expect, test } from 'vitest';
import { demoModel } from '../../test/demo-model.ts';

import {
  defaultSettings,
  drawnSize,
  enlargementOf,
  jobOf,
  modelOfJob,
  promptCount,
  promptsOf,
  requestOfJob,
  settingsForModel,
  settingsOfJob,
  strengthWith,
  withoutMask,
} from './settings.ts';
import { variationsOf } from './variations.ts';

const model = { ...demoModel, defaults: { ...demoModel.defaults, img_width: 128, img_height: 96 } };

test('the form starts with the defaults of the model, and its request is valid', () => {
  const job = jobOf({ ...defaultSettings(model), prompt: 'a fox' });
  expect(explainInvalid(jobCreateSchema, job)).toBeUndefined();
  expect(job).toMatchObject({ img_width: 128, img_height: 96, num_inference_steps: 25, guidance_scale: 3 });
  expect(job).not.toHaveProperty('seed');
  expect(job).not.toHaveProperty('negative_prompt');
});

test('with another model its defaults take the place of those of the one before, and what it does not allow is replaced', () => {
  const square = { aspect_ratio: '1:1', width: 128, height: 128 } as const;
  const wide = { aspect_ratio: '16:9', width: 256, height: 144 } as const;
  const edm = { choices: ['edm_dpmpp_2m', 'edm_euler'], default: 'edm_dpmpp_2m' };
  const steps = { minimum: 1, maximum: 100 };
  const slow = {
    ...model,
    sizes: [square, wide],
    parameters: { scheduler: edm, num_inference_steps: { ...steps, default: 25 } },
  };
  const quick = {
    ...model,
    id: 'quick',
    sizes: [
      { ...square, width: 512, height: 512 },
      { ...wide, width: 672, height: 384 },
    ],
    parameters: {
      scheduler: { choices: ['euler', 'lcm'], default: 'euler' },
      num_inference_steps: { minimum: 1, maximum: 50, default: 4 },
      guidance_scale: { minimum: 0, maximum: 25, default: 0 },
    },
  };
  const before = { ...defaultSettings(slow), prompt: 'a fox', seed: 7, width: 256, height: 144, samples: 3 };
  const after = settingsForModel(before, slow, quick);
  expect(after).toMatchObject({ model: 'quick', prompt: 'a fox', seed: 7, samples: 3, steps: 4, guidanceScale: 0 });
  expect(after).toMatchObject({ scheduler: 'euler', width: 672, height: 384 });
  expect(settingsForModel({ ...before, steps: 12 }, slow, quick).steps).toBe(12);
  expect(settingsForModel({ ...before, steps: 80 }, slow, quick).steps).toBe(4);
  expect(settingsForModel(after, quick, slow)).toEqual(before);
});

test('a prompt is one, or one for each line, or one for each combination, which are counted before they are made', () => {
  const one = { prompt: 'a fox\n\\{in\\} snow', isEachLine: false };
  expect([promptCount(one), promptsOf(one)]).toEqual([1, [one.prompt]]);
  const lines = { prompt: 'a {red|blue} fox\n\n an owl ', isEachLine: true };
  expect([promptCount(lines), promptsOf(lines)]).toEqual([3, ['a red fox', 'a blue fox', 'an owl']]);
  expect(promptCount({ prompt: ' \n', isEachLine: true })).toBe(0);
  expect(promptCount({ prompt: '{a|b|c|d}'.repeat(9), isEachLine: false })).toBe(4 ** 9);
});

test('a start image is sent with its strength', () => {
  const image = 'data:image/png;base64,AAAA';
  const job = jobOf({ ...defaultSettings(model), prompt: 'a fox', startImage: image, strength: 0.4, seed: 0 });
  expect(job).toMatchObject({ image, strength: 0.4, seed: 0 });
});

test('a job restores the form it came from, with its aspect ratio marked as chosen', () => {
  const filled = { ...defaultSettings(model), prompt: 'a fox', negativePrompt: 'snow', seed: 7, steps: 30 };
  const settings = { ...filled, isShapeChosen: true };
  const { preview: _, ...sent } = jobOf(settings);
  const job = { ...sent, scheduler: settings.scheduler, image_format: settings.format } as const;
  expect(settingsOfJob(jobLike(job), { seed: 7, startImage: null, model })).toEqual(settings);
  const started = { ...settings, startImage: 'data:image/png;base64,AAAA', strength: 0.4 };
  expect(settingsOfJob(jobLike({ ...job, strength: 0.4 }), { ...started, model })).toEqual(started);
});

test('the strength of a mask or an enlargement goes with it; one that the user has chosen stays', () => {
  const start = { ...defaultSettings(model), startImage: 'data:image/png;base64,AAAA' };
  const mask = 'data:image/png;base64,BBBB';
  const gone = { mask: null, maskPlace: null };
  expect(withoutMask({ ...start, mask, strength: 1 })).toEqual({ ...gone, strength: 0.6 });
  expect(withoutMask({ ...start, mask, strength: 0.9 })).toEqual({ ...gone, strength: 0.9 });
  expect(withoutMask({ ...start, strength: 1 })).toEqual({ ...gone, strength: 1 });
  // What is around the picture starts from noise, too.
  expect(withoutMask({ ...start, mask, around: 'paint', strength: 1 })).toEqual({ ...gone, strength: 1 });
  expect(strengthWith(start, { mask: null, around: 'paint' })).toBe(1);
  expect(strengthWith({ ...start, strength: 0.3 }, { mask: null, around: 'paint' })).toBe(0.3);
  const strengthOf = (job: object) => settingsOfJob(jobLike(job), { seed: 7, startImage: null, model }).strength;
  expect(strengthOf({ strength: 1 })).toBe(1);
  expect(strengthOf({ strength: 1, mask_blur: 0, mask_padding: 8 })).toBe(0.6);
  expect(strengthOf({ strength: 0.2, upscale: 2 })).toBe(0.6);
});

test('a picture larger than the model draws is used in the size of the model that is nearest in shape', () => {
  const square = { aspect_ratio: '1:1', width: 256, height: 256 } as const;
  const wide = { aspect_ratio: '16:9', width: 256, height: 144 } as const;
  const shaped = { ...model, limits: { ...model.limits, max_megapixels: 1 }, sizes: [square, wide] };
  expect(drawnSize(shaped, { width: 200, height: 64 })).toEqual({ width: 200, height: 64 });
  expect(drawnSize(shaped, { width: 512, height: 512 })).toEqual({ width: 256, height: 256 });
  expect(drawnSize(shaped, { width: 4000, height: 2200 })).toEqual({ width: 256, height: 144 });
  expect(drawnSize({ ...shaped, sizes: [] }, { width: 301, height: 200 })).toEqual({ width: 128, height: 96 });
  const enlarged = jobLike({ upscale: 2, strength: 0.2, img_width: 4000, img_height: 2200 });
  const settings = settingsOfJob(enlarged, { seed: 7, startImage: '/api/images/1', model: shaped });
  expect(settings).toMatchObject({ width: 256, height: 144, startImage: '/api/images/1' });
});

test('a job is repeated with all fields of its request, including those that the form does not have', () => {
  const job = jobLike({
    prompt: 'a fox',
    prompt_2: 'a wolf',
    negative_prompt: '',
    guidance_rescale: 0.5,
    quality: 80,
    strength: 0.4,
  });
  const request = requestOfJob({ ...job, model: 'demo', img_width: 64, img_height: 64 }, 'AAAA');
  expect(explainInvalid(jobCreateSchema, request)).toBeUndefined();
  expect(request).toMatchObject({
    prompt_2: 'a wolf',
    negative_prompt: '',
    guidance_rescale: 0.5,
    quality: 80,
    strength: 0.4,
  });
  expect(requestOfJob(jobLike({}), null)).not.toHaveProperty('negative_prompt');
});

test('a picture is enlarged as it is: without a size, a strength and a mask', () => {
  const more = { prompt: 'a fox', negative_prompt: 'fog', strength: 0.4, mask_blur: 2, mask_padding: 8, samples: 4 };
  const job = jobLike({ ...more, model: 'demo', img_width: 64, img_height: 64 });
  const request = enlargementOf(job, '/api/images/1', { seed: 7, upscale: 2 });
  expect(explainInvalid(jobCreateSchema, request)).toBeUndefined();
  expect(request).toMatchObject({
    prompt: 'a fox',
    negative_prompt: 'fog',
    image: '/api/images/1',
    upscale: 2,
    seed: 7,
  });
  expect(request.samples).toBe(1);
  for (const field of ['img_width', 'img_height', 'strength', 'mask_blur', 'mask_padding', 'upscaler'])
    expect(request).not.toHaveProperty(field);
  const again = requestOfJob({ ...job, strength: 0.3, upscale: 2, upscaler: 'model' }, '/api/images/1');
  expect(again).toMatchObject({ image: '/api/images/1', upscale: 2, upscaler: 'model', strength: 0.3 });
  expect(again).not.toHaveProperty('img_width');
});

test('a picture of noise is varied by its noise, any other by image-to-image from itself; neither keeps what made it larger', () => {
  const image = { seed: 9, width: 128, height: 96 };
  const job = jobLike({ prompt: 'a fox', model: 'demo', img_width: 64, img_height: 96, samples: 4, upscale: 2 });
  const options = { path: '/api/images/1', model: undefined, distance: 'subtle' } as const;
  const ofNoise = variationsOf(job, image, options);
  expect(explainInvalid(jobCreateSchema, ofNoise)).toBeUndefined();
  expect(ofNoise).toMatchObject({ seed: 9, samples: 4, variation_strength: 0.25, img_width: 64, img_height: 96 });
  for (const field of ['image', 'upscale', 'variation_seed']) expect(ofNoise).not.toHaveProperty(field);
  for (const [other, of] of [
    [{ ...job, strength: 0.5 }, image],
    [{ ...job, strength: 1, mask_blur: 0 }, image],
    [
      { ...job, variation_strength: 0.2, variation_seed: 5 },
      { ...image, variation_seed: 6 },
    ],
  ] as const) {
    const ofPicture = variationsOf(other, of, options);
    expect(explainInvalid(jobCreateSchema, ofPicture)).toBeUndefined();
    expect(ofPicture).toMatchObject({ image: '/api/images/1', strength: 0.45, img_width: 128, img_height: 96 });
    for (const field of ['seed', 'upscale', 'mask_blur', 'variation_strength', 'variation_seed'])
      expect(ofPicture).not.toHaveProperty(field);
  }
});

function jobLike(fields: object): Job {
  const size = { width: 8, height: 8 };
  const presets = { model: '', ...size, steps: 1, guidanceScale: 1, scheduler: 'edm_euler', profile: 'exact' } as const;
  const own = { prompt: '', seed: 0, format: 'png' } as const;
  const job: Job = {
    id: '',
    status: 'succeeded',
    ...tellRequest({ ...fillRequest(own, presets), priority: 0, store: true }),
    notes: [],
    drawn_by: 'easel-demo',
    device: 'cpu',
    favourite: false,
    price: 0,
    created_at: '',
    started_at: null,
    finished_at: null,
    images: [],
    error: null,
  };
  return { ...job, ...fields };
}

test('an imported picture gives what its file tells, and the default model for all else', () => {
  const job = {
    ...jobLike({
      prompt: 'a fox',
      model: 'imported',
      num_inference_steps: 40,
      guidance_scale: 9,
      img_width: 301,
      img_height: 77,
    }),
    imported: { file_name: 'fox.png', source: 'automatic1111' as const, known: ['prompt', 'num_inference_steps'] },
  };
  const used = modelOfJob(job, [{ ...model, id: 'other', is_default: false }, model]);
  expect(used).toBe(model);
  const settings = settingsOfJob(job, { seed: 7, startImage: null, model: used });
  expect(settings).toMatchObject({ prompt: 'a fox', model: model.id, steps: 40, width: 128, height: 96, seed: 7 });
  expect(settings.guidanceScale).toBe(defaultSettings(model).guidanceScale);
  const request = requestOfJob(job, null);
  expect(explainInvalid(jobCreateSchema, request)).toBeUndefined();
  expect(request).toMatchObject({ prompt: 'a fox', num_inference_steps: 40 });
  for (const field of ['model', 'guidance_scale', 'img_width', 'seed']) expect(request).not.toHaveProperty(field);
});
