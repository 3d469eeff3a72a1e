import { type Static, Type } from 'typebox';
import { profileNames } from '../../limits.ts';
import { instant, uuid } from '../../schema/common-fields.ts';
import { choice, count, nullable, openObject } from '../../schema/define.ts';
import { deviceSchema } from '../model.ts';

/** GET /api/admin/queue, and the replies of pause and resume. */
export const queueSchema = openObject(
  {
    state: choice(['running', 'paused'], {
      description: 'Paused: jobs are taken and wait; those that run go on',
      examples: ['running'],
    }),
    queued: count({ description: 'Jobs that wait', examples: [3] }),
    running: count({ description: 'Jobs that run', examples: [1] }),
    capacity: count({ description: 'Jobs that may wait before requests are refused', examples: [100] }),
  },
  { title: 'Queue', description: 'The queue of all accounts' },
);

export type Queue = Static<typeof queueSchema>;

const workerMemorySchema = openObject(
  {
    model: Type.String({ description: 'A model', examples: ['playground-v2.5'] }),
    bytes: Type.Integer({
      minimum: 0,
      description: 'What its process occupies, mapped weights included',
      examples: [7_516_192_768],
    }),
  },
  { title: 'WorkerMemory', description: "The memory of a model's process" },
);

const engineSpeedSchema = openObject(
  {
    profile: choice(profileNames, { description: 'A profile', examples: ['exact'] }),
    ms_per_step_megapixel: Type.Number({
      minimum: 0,
      description: 'Milliseconds for one step on one megapixel (1,048,576 pixels)',
      examples: [41_000],
    }),
  },
  { title: 'EngineSpeed', description: 'What was measured of an engine' },
);

export const workerEngineSchema = openObject(
  {
    model: Type.String({ description: 'A model', examples: ['playground-v2.5'] }),
    card: nullable(Type.Integer({ minimum: 0, description: 'The number of a graphics card', examples: [0] }), {
      description: 'The number of its graphics card; null: it has none of its own',
      examples: [0, null],
    }),
    device: nullable(deviceSchema, {
      description: 'What it runs on; null until it has loaded the model',
      examples: [null],
    }),
    profiles: nullable(Type.Array(choice(profileNames, { description: 'A profile', examples: ['exact'] })), {
      description: 'The profiles it can do; null until it has loaded the model',
      examples: [['exact', 'int8', 'fast'], null],
    }),
    speeds: Type.Optional(
      Type.Array(engineSpeedSchema, { description: 'How fast it was in its last job, in each profile that it ran in' }),
    ),
  },
  { title: 'WorkerEngine', description: 'An engine: a process with one model' },
);

export type WorkerEngine = Static<typeof workerEngineSchema>;

export const workerSchema = openObject(
  {
    id: uuid("The worker's id"),
    name: Type.String({ description: 'Host and process', examples: ['render-1:4211'] }),
    models: Type.Array(Type.String({ description: 'A model', examples: ['playground-v2.5'] }), {
      description: 'The models it draws with',
      examples: [['playground-v2.5']],
    }),
    state: choice(['idle', 'busy', 'lost'], {
      description: 'Lost: it has not been heard of for too long',
      examples: ['busy'],
    }),
    job_id: nullable(uuid("The job's id"), { description: 'What it works on; null: nothing', examples: [null] }),
    problem: nullable(Type.String(), {
      description: 'Why it takes no jobs at the moment, and what to do about it; null: it does',
      examples: [null],
    }),
    memory: Type.Array(workerMemorySchema, {
      description: 'The models whose process runs, with its memory; where the system does not tell, none',
    }),
    engines: Type.Array(workerEngineSchema, { description: 'Its engines, in the order of the models' }),
    started_at: instant('When it was started'),
    seen_at: instant('When it was last heard of'),
  },
  { title: 'Worker', description: 'A process that draws' },
);

export const workerListSchema = openObject(
  { workers: Type.Array(workerSchema, { description: 'All that were heard of lately' }) },
  { title: 'WorkerList', description: 'The reply of GET /api/admin/workers' },
);

export type Worker = Static<typeof workerSchema>;
export type WorkerList = Static<typeof workerListSchema>;
