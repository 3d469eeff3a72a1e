import { type TUnsafe, Type } from 'typebox';
import { type ErrorCode, httpErrors } from '../errors.ts';

/** One of the catalogue's codes. */
export const errorCode: TUnsafe<ErrorCode> = Type.Unsafe<ErrorCode>({
  type: 'string',
  enum: Object.keys(httpErrors),
  description: 'What went wrong, for programs',
  examples: ['invalid_request'],
});

export const requestId = Type.String({
  description: 'Names the request in the logs; also in the header x-request-id',
  examples: ['01980c5e-7d3a-7c61-9a52-3f0b6f1c2d4e'],
});

export const param = Type.String({
  description: 'The field of the request that is at fault',
  examples: ['num_inference_steps'],
});
