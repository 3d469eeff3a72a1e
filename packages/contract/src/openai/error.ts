import { type Static, Type } from 'typebox';
import { type ErrorCode, statusOfError } from '../errors.ts';
import { choice, nullable, openObject } from '../schema/define.ts';
import { errorCode, param } from '../schema/error-fields.ts';

const errorTypes = [
  'invalid_request_error',
  'authentication_error',
  'permission_error',
  'insufficient_quota',
  'rate_limit_error',
  'server_error',
] as const;

export type OpenaiErrorType = (typeof errorTypes)[number];

export const openaiErrorDetailsSchema = openObject(
  {
    message: Type.String({
      description: 'What went wrong, what is allowed and what to do',
      examples: ['n must be an integer from 1 to 4 (got 9)'],
    }),
    type: choice(errorTypes, { description: 'The kind of error', examples: ['invalid_request_error'] }),
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

/** The kind of error in OpenAI's words. */
export function openaiErrorType(code: ErrorCode): OpenaiErrorType {
  switch (code) {
    case 'unauthorized':
      return 'authentication_error';
    case 'forbidden':
      return 'permission_error';
    case 'insufficient_credits':
      return 'insufficient_quota';
    case 'rate_limited':
      return 'rate_limit_error';
    default:
      return statusOfError(code) >= 500 ? 'server_error' : 'invalid_request_error';
  }
}
