import { type Static, Type } from 'typebox';
import { instant, uuid } from '../../schema/common-fields.ts';
import { choice, closedObject, count, nullable, openObject, textOf } from '../../schema/define.ts';

const name = textOf(
  { min: 1, max: 300 },
  {
    description: 'A name of `available`, or `owner/repo[@revision][:file]` of the Hugging Face Hub',
    examples: ['sdxl-turbo', 'segmind/SSD-1B@main'],
  },
);
const bytes = (description: string) => count({ description, examples: [6_938_011_430] });

const licenceSchema = openObject(
  {
    name: nullable(Type.String(), {
      description: 'As on the Hub; null: the model card names none',
      examples: ['openrail++', null],
    }),
    link: nullable(Type.String(), {
      description: 'Where it can be read',
      examples: ['https://huggingface.co/owner/repo/blob/main/LICENSE.md', null],
    }),
  },
  { title: 'PulledLicence', description: 'The licence of a model' },
);

const installedSchema = openObject(
  {
    name: Type.String({ description: 'What it is called with, in settings and commands', examples: ['sdxl-turbo'] }),
    repo: Type.String({ description: 'Its repository', examples: ['stabilityai/sdxl-turbo'] }),
    commit: Type.String({ description: 'Its commit', examples: ['71153311d3dbb46851df1931d3ca6e939de83304'] }),
    bytes: bytes('What its files take'),
    complete: Type.Boolean({ description: 'False: a pull has not finished', examples: [true] }),
    in_use: Type.Boolean({ description: 'This server offers it, so it cannot be removed', examples: [false] }),
  },
  { title: 'InstalledModel', description: "A model in the server's cache" },
);

const availableSchema = openObject(
  {
    name: Type.String({ description: 'What to pull', examples: ['sdxl-turbo'] }),
    title: Type.String({ description: 'What it is', examples: ['SDXL-Turbo: 1 to 4 steps at 512×512'] }),
    kind: choice(['model', 'unet', 'lora', 'tiny-vae'], {
      description: 'A whole model, or what is used with one',
      examples: ['model'],
    }),
    bytes: bytes('About what it takes in half precision'),
    licence: licenceSchema,
  },
  { title: 'AvailableModel', description: 'A model that has a name here' },
);

export const installedModelsSchema = openObject(
  {
    installed: Type.Array(installedSchema, { description: 'What was pulled, by Easel or by another tool' }),
    available: Type.Array(availableSchema, {
      description: 'The names that can be pulled; any repository of the Hub can, too',
    }),
  },
  { title: 'InstalledModels', description: 'The reply of GET /api/admin/models' },
);

export const modelRemovalQuerySchema = closedObject(
  { name },
  { title: 'ModelRemovalQuery', description: 'Which model to delete' },
);

export const modelRemovedSchema = openObject(
  {
    name: Type.String({ description: 'The model', examples: ['sdxl-turbo'] }),
    freed_bytes: bytes('What is free again'),
  },
  { title: 'ModelRemoved', description: 'A model that was deleted' },
);

export const modelPullCreateSchema = closedObject(
  {
    name,
    variant: Type.Optional(
      choice(['fp16', 'fp32'], {
        description: 'The precision, where there are both',
        default: 'fp16',
        examples: ['fp16'],
      }),
    ),
    accept_license: Type.Optional(
      Type.Boolean({
        description: "Accepts the model's licence, once for this server",
        default: false,
        examples: [true],
      }),
    ),
  },
  { title: 'ModelPullCreate', description: 'A model to download' },
);

const pullErrorSchema = openObject(
  {
    code: Type.String({ description: 'A code of the error reference', examples: ['licence_not_accepted'] }),
    message: Type.String({
      description: 'What went wrong',
      examples: ['the licence openrail++ must be accepted before it is downloaded'],
    }),
    remedy: Type.String({ description: 'What to do about it', examples: ['read it, then send accept_license'] }),
  },
  { title: 'ModelPullError', description: 'Why a pull failed' },
);

export const modelPullSchema = openObject(
  {
    id: uuid("The pull's id"),
    name: Type.String({ description: 'As it was asked for', examples: ['sdxl-turbo'] }),
    state: choice(['running', 'succeeded', 'failed', 'cancelled'], {
      description: 'What has arrived is kept when it fails or is cancelled, and the next pull resumes there',
      examples: ['running'],
    }),
    received_bytes: bytes('What is there'),
    total_bytes: nullable(bytes('All'), { description: 'All; null: not known yet', examples: [6_938_011_430, null] }),
    bytes_per_second: nullable(Type.Number({ minimum: 0 }), {
      description: 'Over the last seconds; null: not known',
      examples: [24_000_000, null],
    }),
    waits_for_process: nullable(Type.Integer(), {
      description: 'Another process on this machine that downloads the same; null: none',
      examples: [null],
    }),
    licence: nullable(licenceSchema, { description: 'null: not known yet', examples: [null] }),
    error: nullable(pullErrorSchema, { description: 'null: none', examples: [null] }),
    started_at: instant('When it was started'),
    ended_at: nullable(instant('When it ended'), { description: 'When it ended; null: it runs', examples: [null] }),
  },
  { title: 'ModelPull', description: 'The download of a model by this server' },
);

export const modelPullListSchema = openObject(
  {
    pulls: Type.Array(modelPullSchema, {
      description: 'Newest first; those that have ended until the server restarts',
    }),
  },
  { title: 'ModelPullList', description: 'The reply of GET /api/admin/models/pulls' },
);

export const modelPullParamsSchema = closedObject(
  { id: uuid("The pull's id") },
  { title: 'ModelPullParams', description: 'Which download' },
);

export type InstalledModels = Static<typeof installedModelsSchema>;
export type ModelPull = Static<typeof modelPullSchema>;
export type ModelPullCreate = Static<typeof modelPullCreateSchema>;
export type ModelPullList = Static<typeof modelPullListSchema>;
export type ModelRemoved = Static<typeof modelRemovedSchema>;
