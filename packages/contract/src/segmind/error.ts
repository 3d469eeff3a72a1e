import { type Static, Type } from 'typebox';
import { openObject } from '../schema/define.ts';
import { errorCode, param, requestId } from '../schema/error-fields.ts';

export const segmindErrorSchema = openObject(
  {
    error: Type.String({
      description: 'What went wrong, what is allowed and what to do; always a string',
      examples: ['num_inference_steps must be an integer from 20 to 100 (got 12)'],
    }),
    code: errorCode,
    request_id: requestId,
    param: Type.Optional(param),
  },
  { title: 'SegmindError', description: 'The body of every error under /v1 and /v2' },
);

export type SegmindError = Static<typeof segmindErrorSchema>;
