import { type Static, Type } from 'typebox';
import { imageFormats, limits, schedulers } from '../limits.ts';
import { credits, instant, uuid } from '../schema/common-fields.ts';
import { choice, closedObject, count, nullable, openObject, seconds } from '../schema/define.ts';
import { errorCode } from '../schema/error-fields.ts';
import { imageSchema } from './image.ts';

export const jobStatuses = ['queued', 'running', 'succeeded', 'failed', 'cancelled'] as const;
export type JobStatus = (typeof jobStatuses)[number];

export const jobErrorSchema = openObject(
  {
    code: errorCode,
    message: Type.String({
      description: 'What went wrong and what to do',
      examples: ['the run failed twice; nothing was charged'],
    }),
  },
  { title: 'JobError', description: 'Why a job failed' },
);

const side = (name: string) => Type.Integer({ minimum: 1, description: `${name} in pixels`, examples: [1024] });

/** What was asked for, every default filled in, under the names of the request. */
const settings = {
  model: Type.String({ description: 'The model that draws it', examples: ['playground-v2.5'] }),
  prompt: nullable(Type.String(), {
    description: 'Null once it is no longer kept (`store: false`)',
    examples: ['a red apple on a blue background'],
  }),
  prompt_2: nullable(Type.String(), { description: 'What the second text encoder read instead', examples: [null] }),
  negative_prompt: nullable(Type.String(), { description: 'Null: none', examples: ['blurry', null] }),
  samples: Type.Integer({ minimum: 1, description: 'The number of pictures', examples: [1] }),
  num_inference_steps: Type.Integer({ minimum: 1, description: 'Denoising steps', examples: [25] }),
  guidance_scale: Type.Number({ description: 'The guidance scale', examples: [3] }),
  guidance_rescale: Type.Number({ description: 'The guidance rescale', examples: [0] }),
  seed: Type.Integer({
    minimum: 0,
    maximum: limits.seed.max,
    description: 'The seed of the first picture, drawn where -1 was sent',
    examples: [42],
  }),
  img_width: side('Width'),
  img_height: side('Height'),
  strength: nullable(Type.Number(), { description: 'Of image-to-image, else null', examples: [0.6, null] }),
  scheduler: choice(schedulers, { description: 'The sampler', examples: ['edm_dpmpp_2m'] }),
  image_format: choice(imageFormats, { description: 'The file format', examples: ['jpeg'] }),
  quality: Type.Integer({ description: 'Of JPEG and WebP files', examples: [95] }),
  preview: Type.Boolean({ description: 'Whether steps come with previews', examples: [false] }),
  priority: Type.Integer({ description: 'Jobs of a higher priority start first', examples: [0] }),
  store: Type.Boolean({ description: 'Whether pictures and prompt are kept', examples: [true] }),
};

export const jobSchema = openObject(
  {
    id: uuid("The job's id"),
    status: choice(jobStatuses, { description: 'How far it is', examples: ['succeeded'] }),
    ...settings,
    drawn_by: nullable(Type.String(), {
      description: 'The real name of the model that drew the pictures; null until it has succeeded',
      examples: ['Playground v2.5', 'easel-demo', null],
    }),
    favourite: Type.Boolean({ description: 'Whether its owner likes it', examples: [false] }),
    price: credits({
      description: 'Reserved when the job is taken, charged when it ends well, released when it does not',
      examples: [0.0037],
    }),
    created_at: instant('When it was taken'),
    started_at: nullable(instant('When the work began'), {
      description: 'When the work began; null before that',
      examples: ['2026-01-31T12:00:01.000Z', null],
    }),
    finished_at: nullable(instant('When it ended'), {
      description: 'When it ended; null before that',
      examples: ['2026-01-31T12:00:09.000Z', null],
    }),
    position: Type.Optional(count({ description: 'While queued: the number of jobs before it', examples: [2] })),
    eta: Type.Optional(seconds({ description: 'Until then: estimated seconds to the end', examples: [12.5] })),
    images: Type.Array(imageSchema, {
      description: 'The pictures that are still kept, in the order of their seeds',
    }),
    error: nullable(jobErrorSchema, { description: 'Why it failed, else null', examples: [null] }),
  },
  { title: 'Job', description: 'A job and what became of it' },
);

/** PATCH /api/jobs/:id. */
export const jobPatchSchema = closedObject(
  { favourite: Type.Boolean({ description: 'Whether its owner likes it', examples: [true] }) },
  { title: 'JobPatch', description: 'What can be changed of a job' },
);

/** Of every address with a job in it. */
export const jobParamsSchema = closedObject(
  { id: uuid("The job's id") },
  { title: 'JobParams', description: 'Which job' },
);

export type JobError = Static<typeof jobErrorSchema>;
export type Job = Static<typeof jobSchema>;
export type JobPatch = Static<typeof jobPatchSchema>;
export type JobParams = Static<typeof jobParamsSchema>;
