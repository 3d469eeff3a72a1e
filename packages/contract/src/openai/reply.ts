import { type Static, Type } from 'typebox';
import { imageFormats } from '../limits.ts';
import { url } from '../schema/common-fields.ts';
import { choice, matching, openObject } from '../schema/define.ts';
import { openaiUsageSchema } from './usage.ts';

export const openaiImageSchema = openObject(
  {
    b64_json: Type.Optional(
      Type.String({
        description: 'The picture in base64; with `response_format` b64_json',
        examples: ['iVBORw0KGgo='],
      }),
    ),
    url: Type.Optional(
      url('Where the picture is; with `response_format` url', '/api/images/3f0b6f1c2d4e5a60718293a4b5c6d7e8.png'),
    ),
    seed: Type.Integer({ minimum: 0, description: 'The seed that makes this picture', examples: [42] }),
  },
  { title: 'OpenaiImage', description: 'One picture' },
);

export const openaiImagesReplySchema = openObject(
  {
    created: Type.Integer({ description: 'Unix time in seconds', examples: [1_769_860_800] }),
    data: Type.Array(openaiImageSchema, { description: 'The pictures' }),
    size: matching('size', { description: 'Width and height in pixels', examples: ['1024x1024'] }),
    output_format: choice(imageFormats, { description: 'The file format', examples: ['png'] }),
    usage: openaiUsageSchema,
  },
  { title: 'OpenaiImagesReply', description: 'The reply of POST /v1/images/generations' },
);

export type OpenaiImage = Static<typeof openaiImageSchema>;
export type OpenaiImagesReply = Static<typeof openaiImagesReplySchema>;
