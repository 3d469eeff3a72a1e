import { type Static, Type } from 'typebox';
import { imageFormats, limits } from '../limits.ts';
import { choice, integerIn, matching, openObject } from '../schema/define.ts';
import * as field from '../schema/generation-fields.ts';

function ignored(name: string, example: string) {
  return Type.Unknown({ description: `\`${name}\` is accepted and has no effect`, examples: [example] });
}

/** The body without nulls (`withoutNulls`); fields it does not know are ignored. */
export const openaiImagesRequestSchema = openObject(
  {
    prompt: field.prompt,
    model: Type.Optional(
      Type.String({
        description: "A model's name; absent or one of the configured aliases: the default model",
        examples: ['playground-v2.5', 'gpt-image-1'],
      }),
    ),
    n: Type.Optional(
      integerIn(limits.samples, {
        description: 'The number of pictures; affects the price',
        default: 1,
        examples: [1],
      }),
    ),
    size: Type.Optional(
      matching('sizeOrAuto', {
        description: 'Width and height in pixels, or "auto" for the model\'s native size',
        default: 'auto',
        examples: ['1024x1024', 'auto'],
      }),
    ),
    response_format: Type.Optional(
      choice(['b64_json', 'url'], {
        description: 'The pictures themselves, or where they are',
        default: 'b64_json',
        examples: ['b64_json'],
      }),
    ),
    output_format: Type.Optional(
      choice(imageFormats, { description: 'The file format of the pictures', default: 'png', examples: ['png'] }),
    ),
    output_compression: Type.Optional(
      integerIn(limits.outputCompression, {
        description: 'The quality of JPEG and WebP files; 0 is taken as 1',
        default: 100,
        examples: [95],
      }),
    ),
    stream: Type.Optional(
      Type.Boolean({ description: 'Answer with server-sent events', default: false, examples: [true] }),
    ),
    partial_images: Type.Optional(
      integerIn(limits.partialImages, {
        description: 'With `stream`: the number of previews before the finished picture',
        default: 0,
        examples: [2],
      }),
    ),
    seed: Type.Optional(field.seed),
    negative_prompt: Type.Optional(field.negativePrompt),
    num_inference_steps: Type.Optional(field.steps),
    guidance_scale: Type.Optional(field.guidanceScale),
    quality: Type.Optional(ignored('quality', 'high')),
    background: Type.Optional(ignored('background', 'auto')),
    moderation: Type.Optional(ignored('moderation', 'auto')),
    style: Type.Optional(ignored('style', 'vivid')),
    user: Type.Optional(ignored('user', 'user-123')),
  },
  { title: 'OpenaiImagesRequest', description: 'The body of POST /v1/images/generations' },
);

export type OpenaiImagesRequest = Static<typeof openaiImagesRequestSchema>;
