import { type Static, Type } from 'typebox';
import { arithmeticNames, deviceNames, limits } from '../limits.ts';
import { toldProperties } from '../request/schemas.ts';
import {
  credits,
  cursorParam,
  errorCode,
  instant,
  limitParam,
  nextCursor,
  url,
  uuid,
} from '../schema/common-fields.ts';
import {
  choice,
  closedObject,
  count,
  integerIn,
  matching,
  nullable,
  openObject,
  seconds,
  textOf,
} from '../schema/define.ts';
import { imageSchema } from './image.ts';
import { jobImportSchema } from './import.ts';

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

/** What a note is about: a text that is too long, syntax of other tools, a field without effect, the profile, a LoRA, the model. */
export const noteCodes = ['truncated', 'plain_text', 'no_effect', 'profile', 'lora', 'model'] as const;

export const jobNoteSchema = openObject(
  {
    code: choice(noteCodes, { description: 'What it is about', examples: ['truncated'] }),
    message: Type.String({
      description: 'For people',
      examples: ['prompt syntax of other tools was read as plain text: "(red:1.4)"; prompt_weighting reads weights'],
    }),
    field: Type.Optional(Type.String({ description: 'The field that it is about', examples: ['prompt'] })),
    text: Type.Optional(Type.String({ description: 'The part that was cut off', examples: ['and a small red boat'] })),
  },
  { title: 'JobNote', description: 'What a client may not expect of a job that was accepted' },
);

export type JobNote = Static<typeof jobNoteSchema>;

export const jobSchema = openObject(
  {
    id: uuid("The job's id"),
    status: choice(jobStatuses, { description: 'How far it is', examples: ['succeeded'] }),
    // What was asked for, every default filled in.
    ...toldProperties(),
    drawn_by: nullable(Type.String(), {
      description: 'The real name of the model that drew the pictures; null until it has succeeded',
      examples: ['Playground v2.5', 'easel-demo', null],
    }),
    device: nullable(choice(deviceNames, { description: 'A device', examples: ['webgpu'] }), {
      description: 'What the pictures were drawn on; null until it has succeeded',
      examples: ['cpu', 'webgpu', null],
    }),
    arithmetic: Type.Optional(
      choice(arithmeticNames, {
        description: 'In which numbers they were computed; absent: float32',
        examples: ['float16'],
      }),
    ),
    favourite: Type.Boolean({ description: 'Whether its owner likes it', examples: [false] }),
    price: credits({
      description: 'Reserved when the job is taken, charged when it ends well, released when it does not',
      examples: [0.0037],
    }),
    refunded: Type.Optional(
      credits({
        description: 'What an administrator gave back of what was charged; absent: nothing',
        examples: [0.0037],
      }),
    ),
    webhook_url: Type.Optional(
      Type.String({
        description:
          'Where its end is told, besides the endpoints of the account; absent: nowhere. Not in webhooks and archives',
        examples: ['https://example.org/easel-events'],
      }),
    ),
    draft: Type.Optional(
      Type.Boolean({
        description: 'True: it is a draft, whose record goes in minutes. Absent: it is none',
        examples: [true],
      }),
    ),
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
    start_image: Type.Optional(
      url(
        'The picture of this server that it was made from, whether or not that is still kept; absent for any other start image, which is not kept',
        '/api/images/3f0b6f1c2d4e5a60718293a4b5c6d7e8',
      ),
    ),
    imported: Type.Optional(jobImportSchema),
    notes: Type.Array(jobNoteSchema, {
      description: 'What may not be expected of it; empty once the prompt is no longer kept',
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

/** GET /api/jobs; the text of a query string goes through `fromText` first. */
export const jobListQuerySchema = closedObject(
  {
    cursor: Type.Optional(cursorParam),
    limit: Type.Optional(limitParam),
    q: Type.Optional(textOf({ min: 1, max: 200 }, { description: 'Words of the prompt', examples: ['apple'] })),
    model: Type.Optional(matching('slug', { description: 'Of this model only', examples: ['playground-v2.5'] })),
    seed: Type.Optional(
      integerIn({ min: 0, max: limits.seed.max }, { description: 'With a picture of this seed only', examples: [42] }),
    ),
    status: Type.Optional(
      matching('jobStates', {
        description: 'In one of these states only, separated by commas',
        examples: ['succeeded', 'failed,cancelled'],
      }),
    ),
    size: Type.Optional(
      matching('size', { description: 'Asked for in this size, or with a picture of it', examples: ['1024x1024'] }),
    ),
    created_after: Type.Optional(instant('Taken at this time or later')),
    created_before: Type.Optional(instant('Taken before this time')),
    has_images: Type.Optional(
      Type.Boolean({ description: 'True: with a picture that is kept. False: without', examples: [true] }),
    ),
    favourite: Type.Optional(
      Type.Boolean({ description: 'True: favourites only. False: all others', examples: [true] }),
    ),
    collection: Type.Optional(uuid('With a picture in this collection only; `images` of each job then has no others')),
  },
  { title: 'JobListQuery', description: 'Which of the own jobs, newest first' },
);

export const jobPageSchema = openObject(
  {
    jobs: Type.Array(jobSchema, { description: 'Newest first' }),
    next_cursor: nextCursor,
  },
  { title: 'JobPage', description: 'A page of jobs' },
);

export type JobListQuery = Static<typeof jobListQuerySchema>;
export type JobPage = Static<typeof jobPageSchema>;
