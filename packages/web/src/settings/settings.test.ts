import { explainInvalid, fillRequest, type Job, jobCreateSchema, tellRequest } from '@easel/contract';
import { expect, test } from 'vitest';
import { demoModel } from '../../test/demo-model.ts';
import { defaultSettings, jobOf, requestOfJob, settingsOfJob } from './settings.ts';

const model = { ...demoModel, defaults: { ...demoModel.defaults, img_width: 128, img_height: 96 } };

test('the form starts with the defaults of the model, and its request is valid', () => {
  const job = jobOf({ ...defaultSettings(model), prompt: 'a fox' });
  expect(explainInvalid(jobCreateSchema, job)).toBeUndefined();
  expect(job).toMatchObject({ img_width: 128, img_height: 96, num_inference_steps: 25, guidance_scale: 3 });
  expect(job).not.toHaveProperty('seed');
  expect(job).not.toHaveProperty('negative_prompt');
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
  expect(settingsOfJob(jobLike(job), 7, null)).toEqual(settings);
  const started = { ...settings, startImage: 'data:image/png;base64,AAAA', strength: 0.4 };
  expect(settingsOfJob(jobLike({ ...job, strength: 0.4 }), 7, started.startImage)).toEqual(started);
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
