import type { ErrorCode, Problem } from '@easel/contract';
import { EaselError, type EaselErrorDetails } from './errors.ts';
import { remainingCreditsOf } from './remaining-credits.ts';

/** The error that a reply of status 400 or above is; one that is no problem document (RFC 9457) comes from something in between. */
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
  if (problem === undefined) return strangeReply(reply, about);
  const { code, detail, title, remedy, param, request_id: requestId } = problem;
  return new EaselError(detail ?? title ?? `status ${status}`, {
    ...about,
    code: code ?? 'unknown',
    ...(remedy !== undefined && { remedy }),
    ...(param !== undefined && { param }),
    ...(requestId !== undefined && { requestId }),
  });
}

/** The error that a reply is which no Easel server would give, whatever its status. */
export function strangeReply(
  { status, statusText }: Response,
  about: Omit<EaselErrorDetails, 'code'> = { status },
): EaselError {
  const answer = `${status} ${statusText}`.trim();
  const message = `the server answered ${answer}, and not in the way of an Easel server`;
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
    return undefined; // cut short
  }
}

function isProblem(body: unknown): body is SentProblem {
  return typeof body === 'object' && body !== null && 'code' in body && typeof body.code === 'string';
}
