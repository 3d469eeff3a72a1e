import { type Static, Type } from 'typebox';
import { sizeContradiction } from '../picture/requested-size.ts';
import { openObject } from '../schema/define.ts';
import * as field from '../schema/generation-fields.ts';

const fields = openObject(
  {
    prompt: field.prompt,
    negative_prompt: Type.Optional(field.negativePrompt),
    samples: Type.Optional(field.samples),
    num_inference_steps: Type.Optional(field.segmindSteps),
    guidance_scale: Type.Optional(field.guidanceScale),
    seed: Type.Optional(field.seed),
    base64: Type.Optional(field.base64),
    img_width: Type.Optional(field.imgWidth),
    img_height: Type.Optional(field.imgHeight),
    width: Type.Optional(field.widthAlias),
    height: Type.Optional(field.heightAlias),
    image: Type.Optional(field.image),
    strength: Type.Optional(field.strength),
    aspect_ratio: Type.Optional(field.aspectRatio),
    scheduler: Type.Optional(field.scheduler),
    image_format: Type.Optional(field.imageFormat),
    quality: Type.Optional(field.quality),
  },
  {
    title: 'SegmindRequest',
    description: 'A picture, as the body of POST /v1/playground-v2.5 and of POST /v2/playground-v2.5',
  },
);

/** The body after the leniency step (`lenientSegmindBody`); fields it does not know are ignored. */
export const segmindRequestSchema = Type.Refine(
  fields,
  (body) => sizeContradiction(body) === undefined,
  (body) => sizeContradiction(body) ?? '',
);

export type SegmindRequest = Static<typeof fields>;
