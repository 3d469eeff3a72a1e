import { type Static, Type } from 'typebox';
import { url } from '../schema/common-fields.ts';
import { choice, closedObject, count, matching, openObject } from '../schema/define.ts';

export const imageSchema = openObject(
  {
    id: matching('imageName', {
      description: 'The name of the picture: who knows it may see it',
      examples: ['3f0b6f1c2d4e5a60718293a4b5c6d7e8'],
    }),
    url: url('Where it is; no key is needed', '/api/images/3f0b6f1c2d4e5a60718293a4b5c6d7e8.jpg'),
    content_type: choice(['image/jpeg', 'image/png', 'image/webp'], {
      description: 'The media type',
      examples: ['image/jpeg'],
    }),
    file_name: Type.String({ description: 'A name for the file', examples: ['3f0b6f1c2d4e5a60718293a4b5c6d7e8.jpg'] }),
    file_size: count({ description: 'In bytes', examples: [183_204] }),
    width: Type.Integer({ minimum: 1, description: 'In pixels', examples: [1024] }),
    height: Type.Integer({ minimum: 1, description: 'In pixels', examples: [1024] }),
    seed: Type.Integer({ minimum: 0, description: 'The seed that makes this picture', examples: [42] }),
    variation_seed: Type.Optional(
      Type.Integer({ minimum: 0, description: 'Of a variation: the seed of the other noise', examples: [43] }),
    ),
  },
  { title: 'Image', description: 'One picture of a job' },
);

/** Of GET and DELETE /api/images/:name. */
export const imageParamsSchema = closedObject(
  {
    name: matching('imageFile', {
      description: "The picture's name, with or without the ending of its format",
      examples: ['3f0b6f1c2d4e5a60718293a4b5c6d7e8.jpg'],
    }),
  },
  { title: 'ImageParams', description: 'Which picture' },
);

/** Widths of the thumbnails that the server makes, in pixels. */
export const thumbnailWidths = ['160', '320', '640'] as const;

/** Of GET /api/images/:name. */
export const imageQuerySchema = closedObject(
  {
    w: Type.Optional(
      choice(thumbnailWidths, {
        description: 'A WebP of this width instead, where the picture is wider',
        examples: ['320'],
      }),
    ),
  },
  { title: 'ImageQuery', description: 'As what the picture is sent' },
);

export type Image = Static<typeof imageSchema>;
export type ImageParams = Static<typeof imageParamsSchema>;
export type ImageQuery = Static<typeof imageQuerySchema>;
