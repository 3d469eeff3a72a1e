import { type Static, Type } from 'typebox';
import { openaiErrorTypes } from '../errors.ts';
import { choice, nullable, openObject } from '../schema/define.ts';
import { errorCode, param } from '../schema/error-fields.ts';

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
