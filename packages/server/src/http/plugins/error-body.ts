import {
  type OpenaiError,
  openaiErrorType,
  type Problem,
  problemMediaType,
  problemOfCode,
  type SegmindError,
} from '@easel/contract';
import type { DomainError } from '../../domain-error.ts';
import type { Surface } from '../surface.ts';

export interface ErrorBody {
  readonly contentType: string;
  readonly body: SegmindError | OpenaiError | Problem;
}

/** An error in the words of a surface. */
export function errorBody(surface: Surface, error: DomainError, requestId: string): ErrorBody {
  switch (surface) {
    case 'segmind':
      return { contentType: 'application/json; charset=utf-8', body: segmindError(error, requestId) };
    case 'openai':
      return { contentType: 'application/json; charset=utf-8', body: openaiError(error) };
    case 'api':
      return { contentType: problemMediaType, body: problem(error, requestId) };
  }
}

function segmindError({ message, code, param }: DomainError, requestId: string): SegmindError {
  return { error: message, code, request_id: requestId, ...(param === undefined ? {} : { param }) };
}

export function openaiError({ message, code, param }: DomainError): OpenaiError {
  return { error: { message, type: openaiErrorType(code), param: param ?? null, code } };
}

function problem({ message, code, param }: DomainError, requestId: string): Problem {
  return {
    ...problemOfCode(code),
    detail: message,
    request_id: requestId,
    ...(param === undefined ? {} : { param }),
  };
}
