import { type Static, Type } from 'typebox';
import { type ErrorCode, statusOfError, titleOfError } from '../errors.ts';
import { errorCode, param, requestId } from '../schema/common-fields.ts';
import { openObject } from '../schema/define.ts';

/** RFC 9457. */
export const problemMediaType = 'application/problem+json';

export const problemSchema = openObject(
  {
    type: Type.String({
      description: 'Names the kind of problem (RFC 9457 §3.1.1); it is not an address to open',
      examples: ['urn:problem-type:easel:invalid_request'],
    }),
    title: Type.String({ description: 'The kind of problem for people', examples: ['Invalid request'] }),
    status: Type.Integer({ minimum: 400, maximum: 599, description: 'The HTTP status', examples: [400] }),
    detail: Type.String({
      description: 'What went wrong here: what was sent and what is allowed',
      examples: ['samples must be an integer from 1 to 4 (got 9)'],
    }),
    code: errorCode,
    remedy: Type.Optional(
      Type.String({ description: 'What to do about it', examples: ['correct the field that is named'] }),
    ),
    request_id: requestId,
    param: Type.Optional(param),
  },
  { title: 'Problem', description: 'The body of every error under /api (RFC 9457)' },
);

export type Problem = Static<typeof problemSchema>;

/** The parts of a problem that its code decides. */
export function problemOfCode(code: ErrorCode): Pick<Problem, 'type' | 'title' | 'status' | 'code'> {
  return { type: `urn:problem-type:easel:${code}`, title: titleOfError(code), status: statusOfError(code), code };
}
