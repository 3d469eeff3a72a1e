import { type Static, Type } from 'typebox';
import { imageFormats } from '../limits.ts';
import { choice, count, matching, openObject } from '../schema/define.ts';
import { openaiUsageSchema } from './usage.ts';

const base64Picture = Type.String({ description: 'The picture in base64', examples: ['iVBORw0KGgo='] });
const pictureFacts = {
  created_at: Type.Integer({ description: 'Unix time in seconds', examples: [1_769_860_800] }),
  size: matching('size', {
    description: 'Width and height in pixels of the finished picture',
    examples: ['1024x1024'],
  }),
  output_format: choice(imageFormats, { description: 'The file format', examples: ['png'] }),
  background: choice(['opaque'], { description: 'Always opaque', examples: ['opaque'] }),
  quality: choice(['auto'], { description: 'Always auto', examples: ['auto'] }),
};

export const openaiPartialImageEventSchema = openObject(
  {
    type: choice(['image_generation.partial_image'], {
      description: 'The name of the event',
      examples: ['image_generation.partial_image'],
    }),
    b64_json: base64Picture,
    partial_image_index: count({ description: 'Counts the previews from 0', examples: [0] }),
    ...pictureFacts,
  },
  { title: 'OpenaiPartialImageEvent', description: 'A preview' },
);

export const openaiCompletedEventSchema = openObject(
  {
    type: choice(['image_generation.completed'], {
      description: 'The name of the event',
      examples: ['image_generation.completed'],
    }),
    b64_json: base64Picture,
    seed: Type.Integer({ minimum: 0, description: 'The seed that makes this picture', examples: [42] }),
    ...pictureFacts,
    usage: openaiUsageSchema,
  },
  { title: 'OpenaiCompletedEvent', description: 'A finished picture' },
);

export type OpenaiPartialImageEvent = Static<typeof openaiPartialImageEventSchema>;
export type OpenaiCompletedEvent = Static<typeof openaiCompletedEventSchema>;
/** One event of the stream; the SSE event has the name in `type`. */
export type OpenaiStreamEvent = OpenaiPartialImageEvent | OpenaiCompletedEvent;
