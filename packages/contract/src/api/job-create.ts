import { type Static, Type } from 'typebox';
import { defaults, limits } from '../limits.ts';
import { sizeContradiction } from '../picture/requested-size.ts';
import { closedObject, integerIn } from '../schema/define.ts';
import * as field from '../schema/generation-fields.ts';

const fields = closedObject(
  {
    prompt: field.prompt,
    prompt_2: Type.Optional(field.prompt2),
    negative_prompt: Type.Optional(field.negativePrompt),
    model: Type.Optional(field.model),
    samples: Type.Optional(field.samples),
    num_inference_steps: Type.Optional(field.steps),
    guidance_scale: Type.Optional(field.guidanceScale),
    guidance_rescale: Type.Optional(field.guidanceRescale),
    seed: Type.Optional(field.seed),
    base64: Type.Optional(
      Type.Boolean({
        description: 'Accepted so that the body of the synchronous call fits; a job always answers with addresses',
        default: defaults.base64,
        examples: [true],
      }),
    ),
    img_width: Type.Optional(field.imgWidth),
    img_height: Type.Optional(field.imgHeight),
    width: Type.Optional(field.widthAlias),
    height: Type.Optional(field.heightAlias),
    aspect_ratio: Type.Optional(field.aspectRatio),
    image: Type.Optional(field.image),
    strength: Type.Optional(field.strength),
    scheduler: Type.Optional(field.scheduler),
    image_format: Type.Optional(field.imageFormat),
    quality: Type.Optional(field.quality),
    embed_parameters: Type.Optional(
      Type.Boolean({ description: 'Write the parameters into the file', default: true, examples: [false] }),
    ),
    preview: Type.Optional(
      Type.Boolean({ description: 'Send a small preview with each step', default: false, examples: [true] }),
    ),
    priority: Type.Optional(
      integerIn(limits.priority, {
        description: 'Jobs of a higher priority start first',
        default: defaults.priority,
        examples: [0, 5],
      }),
    ),
    store: Type.Optional(
      Type.Boolean({
        description: 'False: the pictures are deleted after delivery and the prompt is not kept',
        default: true,
        examples: [true],
      }),
    ),
  },
  { title: 'JobCreate', description: 'The body of POST /api/jobs' },
);

export const jobCreateSchema = Type.Refine(
  fields,
  (body) => sizeContradiction(body) === undefined,
  (body) => sizeContradiction(body) ?? '',
);

export type JobCreate = Static<typeof fields>;
