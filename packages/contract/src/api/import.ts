import { type Static, Type } from 'typebox';
import { choice, closedObject, nullable, openObject, textOf } from '../schema/define.ts';

const fileName = textOf({ min: 1, max: 255 }, { description: 'The name of the file', examples: ['lighthouse.png'] });

/** The tools whose generation settings are read from a picture's file, as @easel/parameters has them. */
export const settingsSources = [
  'easel',
  'automatic1111',
  'invokeai',
  'comfyui',
  'fooocus',
  'swarmui',
  'unknown',
] as const;
export type SettingsSource = (typeof settingsSources)[number];

/** Of a job whose picture was not made here. */
export const jobImportSchema = openObject(
  {
    file_name: nullable(fileName, { description: 'The name of the file, null: none was sent', examples: [null] }),
    source: nullable(choice(settingsSources, { description: 'The tool', examples: ['automatic1111'] }), {
      description: 'The tool whose settings were found in the file; null: it has none',
      examples: ['automatic1111', null],
    }),
    known: Type.Array(Type.String({ description: 'A field of the job', examples: ['num_inference_steps'] }), {
      description: 'The fields of the job that the file tells; all others that say how it was made mean nothing',
      examples: [['prompt', 'seed', 'num_inference_steps']],
    }),
  },
  { title: 'JobImport', description: 'Where an imported picture comes from' },
);

export type JobImport = Static<typeof jobImportSchema>;

/** The body of POST /api/imports. */
export const importCreateSchema = closedObject(
  {
    image: Type.String({
      minLength: 1,
      description: 'A PNG, JPEG or WebP file: base64, a data URL, or an uploaded file',
      examples: ['UklGRiQAAABXRUJQVlA4TBcAAAAvP8APAAfQqGaXpf8BICH8f69F9D/1AwA='],
    }),
    file_name: Type.Optional(fileName),
  },
  { title: 'ImportCreate', description: 'The body of POST /api/imports' },
);

export type ImportCreate = Static<typeof importCreateSchema>;
