import { headers } from '@easel/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DomainError } from '../../domain-error.ts';
import { callerOf } from '../request-state.ts';
import type { HttpServices } from '../services.ts';

/** Counts the request against its key's limit and tells what is left. @throws DomainError `rate_limited` */
export async function countRequest(
  { rateLimiter }: Pick<HttpServices, 'rateLimiter'>,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const { isAllowed, limit, remaining, resetAt } = await rateLimiter.take(callerOf(request));
  reply
    .header(headers.rateLimitLimit, String(limit))
    .header(headers.rateLimitRemaining, String(remaining))
    .header(headers.rateLimitResetAt, resetAt.toISOString());
  if (isAllowed) return;
  const retryAfterSeconds = Math.max(1, Math.ceil((resetAt.getTime() - Date.now()) / 1000));
  throw new DomainError(
    'rate_limited',
    `rate limit of ${limit} requests/min exceeded; retry in ${retryAfterSeconds} s`,
    { retryAfterSeconds },
  );
}
