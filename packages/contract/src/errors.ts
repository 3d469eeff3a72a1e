/** One way to be refused or to fail: the HTTP status on every surface, and its name for people. */
export interface ErrorEntry {
  readonly status: number;
  readonly title: string;
}

/** Every error of every surface. A code has one status; the message says what was sent, what is allowed and what to do. */
export const errorCatalogue = {
  invalid_request: { status: 400, title: 'Invalid request' },
  unauthorized: { status: 401, title: 'Missing or invalid key' },
  forbidden: { status: 403, title: 'Not allowed with this key' },
  not_found: { status: 404, title: 'Not found' },
  method_not_allowed: { status: 405, title: 'Method not allowed' },
  insufficient_credits: { status: 406, title: 'Insufficient credits' },
  invalid_content_type: { status: 406, title: 'Invalid content type' },
  idempotency_mismatch: { status: 409, title: 'Idempotency key used with another body' },
  conflict: { status: 409, title: 'In conflict with the present state' },
  request_timeout: { status: 408, title: 'Request too slow' },
  body_too_large: { status: 413, title: 'Body too large' },
  unsupported_encoding: { status: 415, title: 'Content encoding not supported' },
  content_rejected: { status: 422, title: 'Picture refused by review' },
  cancelled: { status: 422, title: 'Cancelled' },
  rate_limited: { status: 429, title: 'Too many requests' },
  server_error: { status: 500, title: 'The run failed' },
  overloaded: { status: 503, title: 'Overloaded or restarting; try again later' },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof errorCatalogue;

/** Texts that clients compare with or that the API page prescribes word for word. */
export const fixedMessages = {
  missingKey: 'Missing Authorization or x-api-key in header',
  invalidContentType: 'Invalid content type',
  cancelled: 'cancelled',
} as const;

export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorCatalogue, code);
}

/** The HTTP status of an error. */
export function statusOfError(code: ErrorCode): number {
  return errorCatalogue[code].status;
}

export function titleOfError(code: ErrorCode): string {
  return errorCatalogue[code].title;
}
