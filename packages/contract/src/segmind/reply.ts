import { type Static, Type } from 'typebox';
import { samplerNames } from '../request/samplers.ts';
import { choice, openObject } from '../schema/define.ts';

const base64Picture = { description: 'The picture in base64, without a data: prefix', examples: ['/9j/4AAQSkZJRg=='] };
const pictureSeed = { minimum: 0, description: 'The seed that makes this picture', examples: [42] };

export const segmindBase64ReplySchema = openObject(
  {
    image: Type.String({ ...base64Picture, description: 'The first picture in base64, without a data: prefix' }),
    images: Type.Array(Type.String(base64Picture), {
      description: 'All pictures, in the order of their seeds',
      examples: [['/9j/4AAQSkZJRg==']],
    }),
    seed: Type.Integer({ ...pictureSeed, description: 'The seed of the first picture' }),
    seeds: Type.Array(Type.Integer(pictureSeed), { description: 'The seed of each picture', examples: [[42, 43]] }),
  },
  { title: 'SegmindBase64Reply', description: 'The pictures, when `base64` is true' },
);

export type SegmindBase64Reply = Static<typeof segmindBase64ReplySchema>;

export const outputMetadataSchema = openObject(
  {
    width: Type.Integer({ minimum: 1, description: 'In pixels', examples: [1024] }),
    height: Type.Integer({ minimum: 1, description: 'In pixels', examples: [1024] }),
    seed: Type.Integer(pictureSeed),
    steps: Type.Integer({ minimum: 1, description: 'Denoising steps', examples: [25] }),
    guidance_scale: Type.Number({ description: 'The guidance scale', examples: [3] }),
    scheduler: choice(samplerNames, { description: 'The sampler', examples: ['edm_dpmpp_2m'] }),
    model: Type.String({ description: 'The model that really drew it', examples: ['playground-v2.5', 'easel-demo'] }),
  },
  { title: 'OutputMetadata', description: 'The JSON in the header x-output-metadata: what was really used' },
);

export type OutputMetadata = Static<typeof outputMetadataSchema>;
