import { fixedMessages } from '@easel/contract';
import { DomainError } from '../../domain-error.ts';

const faults: Readonly<Record<string, string>> = {
  FST_ERR_BAD_URL: 'the address must be percent-encoded UTF-8 (RFC 3986 §2.1)',
};

/** The error of the catalogue that something thrown stands for; undefined: nobody foresaw it. */
export function knownError(error: unknown): DomainError | undefined {
  if (error instanceof DomainError) return error;
  if (!(error instanceof Error)) return undefined;
  const code = textOf(error, 'code');
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return new DomainError('invalid_content_type', fixedMessages.invalidContentType, { cause: error });
  }
  if (code === 'FST_ERR_MAX_PARAM_LENGTH') {
    return new DomainError('not_found', 'there is nothing at this address', { cause: error });
  }
  const message = faults[code] ?? (isBadRequest(error) ? 'the request cannot be read' : undefined);
  return message === undefined ? undefined : new DomainError('invalid_request', message, { cause: error });
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
