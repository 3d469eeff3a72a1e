import {
  type OpenaiError,
  openaiErrorType,
  type Problem,
  problemMediaType,
  problemOfCode,
  type SegmindError,
} from '@easel/contract';
import { fullText } from '@easel/errors';
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

function segmindError(error: DomainError, requestId: string): SegmindError {
  const { code, param } = error;
  return { error: fullText(error), code, request_id: requestId, ...(param === undefined ? {} : { param }) };
}

export function openaiError(error: DomainError): OpenaiError {
  const { code, param } = error;
  return { error: { message: fullText(error), type: openaiErrorType(code), param: param ?? null, code } };
}

function problem({ message, code, remedy, param }: DomainError, requestId: string): Problem {
  return {
    ...problemOfCode(code),
    detail: message,
    remedy,
    request_id: requestId,
    ...(param === undefined ? {} : { param }),
  };
}
