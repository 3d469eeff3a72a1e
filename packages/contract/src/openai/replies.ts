import { type Static, Type } from 'typebox';
import { modelDeviceSchema } from '../api/model.ts';
import { openaiErrorTypes } from '../errors.ts';
import { deviceNames, imageFormats, profileNames } from '../limits.ts';
import { errorCode, param, url } from '../schema/common-fields.ts';
import { choice, count, matching, nullable, openObject } from '../schema/define.ts';

const details = (title: string, description: string) =>
  openObject(
    {
      image_tokens: count({ description: 'Tokens of pictures', examples: [0] }),
      text_tokens: count({ description: 'Tokens of text', examples: [9] }),
    },
    { title, description },
  );

export const openaiUsageSchema = openObject(
  {
    input_tokens: count({ description: 'Tokens of the prompt', examples: [9] }),
    input_tokens_details: details('OpenaiInputTokensDetails', 'What the input tokens are'),
    output_tokens: count({ description: 'One for each picture: pictures are not made of tokens here', examples: [1] }),
    total_tokens: count({ description: 'The sum of both', examples: [10] }),
    output_tokens_details: Type.Optional(details('OpenaiOutputTokensDetails', 'What the output tokens are')),
  },
  { title: 'OpenaiUsage', description: 'The counts that the official clients expect; the price is in x-cost' },
);

export type OpenaiUsage = Static<typeof openaiUsageSchema>;

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
  { title: 'OpenaiImagesReply', description: 'The reply of POST /v1/images/generations and POST /v1/images/edits' },
);

export type OpenaiImage = Static<typeof openaiImageSchema>;
export type OpenaiImagesReply = Static<typeof openaiImagesReplySchema>;

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
    type: choice(['image_generation.partial_image', 'image_edit.partial_image'], {
      description: 'The name of the event, by the address of the request',
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
    type: choice(['image_generation.completed', 'image_edit.completed'], {
      description: 'The name of the event, by the address of the request',
      examples: ['image_generation.completed'],
    }),
    b64_json: base64Picture,
    seed: Type.Integer({ minimum: 0, description: 'The seed that makes this picture', examples: [42] }),
    ...pictureFacts,
    profile: choice(profileNames, { description: 'How it was computed', examples: ['exact'] }),
    device: Type.Optional(choice(deviceNames, { description: 'The device that drew it', examples: ['cpu', 'webgpu'] })),
    usage: openaiUsageSchema,
  },
  { title: 'OpenaiCompletedEvent', description: 'A finished picture' },
);

export type OpenaiPartialImageEvent = Static<typeof openaiPartialImageEventSchema>;
export type OpenaiCompletedEvent = Static<typeof openaiCompletedEventSchema>;
/** One event of the stream; the SSE event has the name in `type`. */
export type OpenaiStreamEvent = OpenaiPartialImageEvent | OpenaiCompletedEvent;

export const openaiModelSchema = openObject(
  {
    id: Type.String({ description: "The model's name", examples: ['playground-v2.5'] }),
    object: choice(['model'], { description: 'Always model', examples: ['model'] }),
    created: Type.Integer({ description: 'Unix time in seconds', examples: [1_769_860_800] }),
    owned_by: Type.String({ description: 'Who made the model', examples: ['easel'] }),
    profiles: Type.Array(choice(profileNames, { description: 'A profile', examples: ['exact'] }), {
      description: 'What `profile` may be with this model',
      examples: [['exact', 'int8', 'fast']],
    }),
    default_profile: choice(profileNames, {
      description: 'The profile of a request that names none',
      examples: ['exact'],
    }),
    devices: Type.Array(modelDeviceSchema, {
      description: 'What it runs on now, on all workers; empty until one has loaded it',
    }),
  },
  { title: 'OpenaiModel', description: 'A model, as GET /v1/models/:id tells it' },
);

export const openaiModelListSchema = openObject(
  {
    object: choice(['list'], { description: 'Always list', examples: ['list'] }),
    data: Type.Array(openaiModelSchema, { description: 'The models' }),
  },
  { title: 'OpenaiModelList', description: 'The reply of GET /v1/models' },
);

export type OpenaiModel = Static<typeof openaiModelSchema>;
export type OpenaiModelList = Static<typeof openaiModelListSchema>;

export const openaiErrorDetailsSchema = openObject(
  {
    message: Type.String({
      description: 'What went wrong, what is allowed and what to do',
      examples: ['n must be an integer from 1 to 4 (got 9)'],
    }),
    type: choice(openaiErrorTypes, { description: 'The kind of error', examples: ['invalid_request_error'] }),
    param: nullable(param, { description: 'The field of the request that is at fault', examples: ['n', null] }),
    code: errorCode,
  },
  { title: 'OpenaiErrorDetails', description: 'What went wrong' },
);

export const openaiErrorSchema = openObject(
  { error: openaiErrorDetailsSchema },
  { title: 'OpenaiError', description: 'The body of every error under /v1/images and /v1/models' },
);

export type OpenaiError = Static<typeof openaiErrorSchema>;
