import { type OpenaiError, openaiErrorSchema, openaiErrorType } from '@easel/contract';
import { fullText } from '@easel/errors';
import type { DomainError } from '../../domain-error.ts';
import type { ErrorShape } from '../../http/surface.ts';

export const openaiErrors: ErrorShape = {
  contentType: 'application/json; charset=utf-8',
  schema: openaiErrorSchema,
  body: openaiError,
};

export function openaiError(error: DomainError): OpenaiError {
  const { code, param } = error;
  return { error: { message: fullText(error), type: openaiErrorType(code), param: param ?? null, code } };
}
