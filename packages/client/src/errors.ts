import type { CodedErrorLike, ErrorCode, Problem } from '@easel/contract';

export interface EaselErrorDetails {
  readonly status: number;
  readonly code: ErrorCode | 'unknown';
  /** What to do about it. */
  readonly remedy?: string;
  /** The invalid field. */
  readonly param?: string;
  /** Identifies the request in the server's log. */
  readonly requestId?: string;
  /** Seconds after which to retry. */
  readonly retryAfter?: number;
  readonly remainingCredits?: number;
}

/** The server refused the request, or could not do it. The message is the server's: what was sent and what is allowed. */
export class EaselError extends Error implements CodedErrorLike<ErrorCode | 'unknown'> {
  override readonly name = 'EaselError';
  readonly status: number;
  readonly code: ErrorCode | 'unknown';
  /** What to do about it, in the server's words; undefined when it did not say. */
  readonly remedy: string | undefined;
  readonly param: string | undefined;
  readonly requestId: string | undefined;
  readonly retryAfter: number | undefined;
  readonly remainingCredits: number | undefined;

  constructor(message: string, details: EaselErrorDetails) {
    super(message);
    this.status = details.status;
    this.code = details.code;
    this.remedy = details.remedy;
    this.param = details.param;
    this.requestId = details.requestId;
    this.retryAfter = details.retryAfter;
    this.remainingCredits = details.remainingCredits;
  }
}

/** The server cannot be reached, or the connection was lost during the reply. */
export class EaselConnectionError extends Error implements CodedErrorLike<'server_unreachable'> {
  override readonly name = 'EaselConnectionError';
  readonly code = 'server_unreachable';
  readonly remedy = 'check that it is running and that the address is right';

  constructor(server: string, cause: unknown) {
    super(`the Easel server at ${server} cannot be reached`, { cause });
  }
}

/** A job ended without pictures: it failed or was cancelled, and nothing was charged. The message says what to do, too. */
export class EaselJobError extends Error implements CodedErrorLike<ErrorCode> {
  override readonly name = 'EaselJobError';
  readonly jobId: string;
  readonly code: ErrorCode;
  readonly remedy = undefined;

  constructor(jobId: string, { code, message }: { readonly code: ErrorCode; readonly message: string }) {
    super(message);
    this.jobId = jobId;
    this.code = code;
  }
}

/** The error for a reply of status 400 or above. One that is not a problem document (RFC 9457) does not come from Easel, but for example from a proxy. */
export async function errorOfReply(reply: Response): Promise<EaselError> {
  const problem = await problemOf(reply);
  const { status } = reply;
  const seconds = Number(reply.headers.get('retry-after') ?? Number.NaN);
  const remaining = remainingCreditsOf(reply);
  const about = {
    status,
    ...(Number.isFinite(seconds) && { retryAfter: seconds }),
    ...(remaining !== undefined && { remainingCredits: remaining }),
  };
  if (problem === undefined) return unexpectedReply(reply, about);
  const { code, detail, title, remedy, param, request_id: requestId } = problem;
  return new EaselError(detail ?? title ?? `status ${status}`, {
    ...about,
    code: code ?? 'unknown',
    ...(remedy !== undefined && { remedy }),
    ...(param !== undefined && { param }),
    ...(requestId !== undefined && { requestId }),
  });
}

/** The error for a reply that does not come from an Easel server, whatever its status. */
export function unexpectedReply(
  { status, statusText }: Response,
  about: Omit<EaselErrorDetails, 'code'> = { status },
): EaselError {
  const answer = `${status} ${statusText}`.trim();
  const message = `the reply (${answer}) is not from an Easel server`;
  return new EaselError(message, { ...about, code: 'unknown', remedy: 'check the address of the server' });
}

type SentProblem = Partial<Omit<Problem, 'code'>> & { readonly code?: ErrorCode };

async function problemOf(reply: Response): Promise<SentProblem | undefined> {
  if (!reply.headers.get('content-type')?.includes('json')) {
    await reply.body?.cancel();
    return undefined;
  }
  try {
    const body: unknown = await reply.json();
    return isProblem(body) ? body : undefined;
  } catch {
    return undefined; // incomplete JSON
  }
}

function isProblem(body: unknown): body is SentProblem {
  return typeof body === 'object' && body !== null && 'code' in body && typeof body.code === 'string';
}

/** The balance, which every reply to a valid key contains. */
export function remainingCreditsOf(reply: Response): number | undefined {
  const sent = reply.headers.get('x-remaining-credits');
  return sent === null ? undefined : Number(sent);
}
