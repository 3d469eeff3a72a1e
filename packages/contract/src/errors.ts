import { type Code, catalogue } from '@easel/errors';

/** The kinds of errors that OpenAI's API has. */
export const openaiErrorTypes = [
  'invalid_request_error',
  'authentication_error',
  'permission_error',
  'insufficient_quota',
  'rate_limit_error',
  'server_error',
] as const;

export type OpenaiErrorType = (typeof openaiErrorTypes)[number];

/** What a reply with a code is: its HTTP status on every surface, and OpenAI's word for it. */
export interface HttpError {
  readonly status: number;
  readonly openaiType: OpenaiErrorType;
}

/** The codes that replies carry, on every surface. */
export const httpErrors = {
  invalid_request: { status: 400, openaiType: 'invalid_request_error' },
  unauthorized: { status: 401, openaiType: 'authentication_error' },
  forbidden: { status: 403, openaiType: 'permission_error' },
  not_found: { status: 404, openaiType: 'invalid_request_error' },
  method_not_allowed: { status: 405, openaiType: 'invalid_request_error' },
  insufficient_credits: { status: 406, openaiType: 'insufficient_quota' },
  invalid_content_type: { status: 406, openaiType: 'invalid_request_error' },
  idempotency_mismatch: { status: 409, openaiType: 'invalid_request_error' },
  conflict: { status: 409, openaiType: 'invalid_request_error' },
  request_timeout: { status: 408, openaiType: 'invalid_request_error' },
  body_too_large: { status: 413, openaiType: 'invalid_request_error' },
  unsupported_encoding: { status: 415, openaiType: 'invalid_request_error' },
  content_rejected: { status: 422, openaiType: 'invalid_request_error' },
  cancelled: { status: 422, openaiType: 'invalid_request_error' },
  rate_limited: { status: 429, openaiType: 'rate_limit_error' },
  server_error: { status: 500, openaiType: 'server_error' },
  overloaded: { status: 503, openaiType: 'server_error' },
} as const satisfies Partial<Record<Code, HttpError>>;

/** One that a reply may carry. */
export type ErrorCode = keyof typeof httpErrors;

/** How an error is answered whose code no reply carries. */
interface Answer {
  readonly code: ErrorCode;
  /** Whether its message is for the client; otherwise it is for the administrator, and stays in the log. */
  readonly isTold: boolean;
}

const told = (code: ErrorCode): Answer => ({ code, isTold: true });
const untold = (code: ErrorCode): Answer => ({ code, isTold: false });

const answers = {
  database_lost: told('overloaded'),
  storage_unavailable: untold('overloaded'),
  model_not_found: untold('server_error'),
  model_file_missing: untold('server_error'),
  model_config_invalid: untold('server_error'),
  model_unsupported: untold('server_error'),
  weights_corrupt: untold('server_error'),
  tensor_missing: untold('server_error'),
  tensor_shape: untold('server_error'),
  tensor_dtype: untold('server_error'),
  download_failed: untold('server_error'),
  download_refused: untold('server_error'),
  download_corrupt: untold('server_error'),
  licence_not_accepted: told('conflict'),
  offline: untold('server_error'),
  image_unreadable: told('invalid_request'),
  picture_format: untold('server_error'),
  picture_not_finite: untold('server_error'),
  out_of_memory: untold('server_error'),
  device_unavailable: untold('server_error'),
  device_lost: untold('server_error'),
  inference_failed: untold('server_error'),
  engine_crashed: untold('server_error'),
  engine_hung: untold('server_error'),
  engine_closed: untold('server_error'),
  internal: untold('server_error'),
  settings_invalid: untold('server_error'),
  data_folder_unusable: untold('server_error'),
  data_folder_in_use: untold('server_error'),
  address_in_use: untold('server_error'),
  database_unavailable: untold('overloaded'),
  database_newer: untold('server_error'),
  no_server_yet: untold('server_error'),
  backup_unusable: untold('server_error'),
  secret_damaged: untold('server_error'),
  usage: untold('server_error'),
  prompt_empty: untold('server_error'),
  prompt_unreadable: untold('server_error'),
  output_exists: untold('server_error'),
  output_unwritable: untold('server_error'),
  disk_full: untold('server_error'),
  device_install_failed: untold('server_error'),
  page_not_built: untold('server_error'),
  key_missing: untold('server_error'),
  server_unreachable: untold('server_error'),
  unknown: untold('server_error'),
  stopped: untold('server_error'),
} as const satisfies Record<Exclude<Code, ErrorCode>, Answer>;

/** How any error is answered over HTTP: with one of the codes that replies carry. */
export function answerTo(code: Code): Answer {
  return isErrorCode(code) ? told(code) : answers[code];
}

/** Texts that clients compare with or that the API page prescribes word for word. */
export const fixedMessages = {
  missingKey: 'Missing Authorization or x-api-key in header',
  invalidContentType: 'Invalid content type',
  cancelled: 'cancelled',
} as const;

export function isErrorCode<Text extends string>(code: Text): code is Text & ErrorCode {
  return Object.hasOwn(httpErrors, code);
}

/** The HTTP status of an error. */
export function statusOfError(code: ErrorCode): number {
  return httpErrors[code].status;
}

export function titleOfError(code: ErrorCode): string {
  return catalogue[code].summary;
}

/** The kind of error in OpenAI's words. */
export function openaiErrorType(code: ErrorCode): OpenaiErrorType {
  return httpErrors[code].openaiType;
}

/** What is wrong with a request, in words for its sender. */
export interface Fault {
  /** The field at fault, `a.b` for one within another; absent when it is the body as a whole. */
  readonly param?: string;
  readonly message: string;
}
