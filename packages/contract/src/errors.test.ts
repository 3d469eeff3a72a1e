import { expect, test } from 'vitest';
import { type ErrorCode, httpErrors, isErrorCode, openaiErrorType, statusOfError, titleOfError } from './errors.ts';

const promised: readonly (readonly [ErrorCode, number])[] = [
  ['invalid_request', 400],
  ['unauthorized', 401],
  ['forbidden', 403],
  ['not_found', 404],
  ['method_not_allowed', 405],
  ['insufficient_credits', 406],
  ['invalid_content_type', 406],
  ['idempotency_mismatch', 409],
  ['body_too_large', 413],
  ['content_rejected', 422],
  ['rate_limited', 429],
  ['server_error', 500],
  ['overloaded', 503],
];

test.each(promised)('%s is answered with %i', (code, status) => {
  expect(statusOfError(code)).toBe(status);
});

test('every code has a title of its own', () => {
  const titles = Object.keys(httpErrors).filter(isErrorCode).map(titleOfError);
  expect(new Set(titles).size).toBe(titles.length);
  expect(titleOfError('insufficient_credits')).toBe('Insufficient credits');
});

test('a code is known by its name alone, not by what objects inherit', () => {
  expect(isErrorCode('not_found')).toBe(true);
  expect(isErrorCode('toString')).toBe(false);
});

test('OpenAI clients learn whose fault it was', () => {
  expect(openaiErrorType('unauthorized')).toBe('authentication_error');
  expect(openaiErrorType('forbidden')).toBe('permission_error');
  expect(openaiErrorType('insufficient_credits')).toBe('insufficient_quota');
  expect(openaiErrorType('rate_limited')).toBe('rate_limit_error');
  expect(openaiErrorType('not_found')).toBe('invalid_request_error');
  expect(openaiErrorType('overloaded')).toBe('server_error');
});
