import { fixedMessages } from '@easel/contract';
import { DomainError } from '../../domain/domain-error.ts';

const bodyFaults: Readonly<Record<string, string>> = {
  FST_ERR_CTP_INVALID_JSON_BODY: 'the body must be valid JSON (RFC 8259)',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'the body must be JSON, and it is empty',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'the body must be as long as the header Content-Length says',
  FST_ERR_BAD_URL: 'the address must be percent-encoded UTF-8 (RFC 3986 §2.1)',
  FST_PROTO_VIOLATION: 'a field must not be called like a property that every object has',
  FST_MP_PREMATURE_CLOSE: 'the body ended before its last part did',
};

const tooLarge: ReadonlySet<string> = new Set([
  'FST_ERR_CTP_BODY_TOO_LARGE',
  'FST_REQ_FILE_TOO_LARGE',
  'FST_PARTS_LIMIT',
  'FST_FILES_LIMIT',
  'FST_FIELDS_LIMIT',
]);

/** The error of the catalogue that something thrown stands for; undefined: nobody foresaw it. */
export function knownError(error: unknown, bodyBytes: number): DomainError | undefined {
  if (error instanceof DomainError) return error;
  if (!(error instanceof Error)) return undefined;
  const code = textOf(error, 'code');
  if (tooLarge.has(code)) return bodyTooLarge(bodyBytes, error);
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return new DomainError('invalid_content_type', fixedMessages.invalidContentType, { cause: error });
  }
  if (code === 'FST_ERR_MAX_PARAM_LENGTH') {
    return new DomainError('not_found', 'there is nothing at this address', { cause: error });
  }
  const message = bodyFaults[code] ?? (isBadRequest(error) ? 'the request cannot be read' : undefined);
  return message === undefined ? undefined : new DomainError('invalid_request', message, { cause: error });
}

export function bodyTooLarge(bodyBytes: number, cause?: unknown): DomainError {
  return new DomainError('body_too_large', `the body must have at most ${bodyBytes} bytes`, { cause });
}

/** The framework's and its plugins' other complaints about what was sent. */
function isBadRequest(error: Error): boolean {
  const status = 'statusCode' in error ? error.statusCode : undefined;
  return typeof status === 'number' && status >= 400 && status < 500;
}

function textOf(error: Error, property: string): string {
  const value: unknown = Reflect.get(error, property);
  return typeof value === 'string' ? value : '';
}
