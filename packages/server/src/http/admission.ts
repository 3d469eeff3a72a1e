import { fixedMessages, headers } from '@easel/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DomainError } from '../domain-error.ts';
import { hasScope, requireScope } from '../keys/callers.ts';
import { requireBody } from './receive-body.ts';
import type { HttpServices } from './services.ts';
import { callerOf, type Gate } from './surface.ts';

export function createGate(services: Pick<HttpServices, 'keys' | 'pageSession' | 'countAgainstLimit'>): Gate {
  return {
    key: (scope) => async (request) => {
      await authenticate(services, request);
      requireScope(callerOf(request), scope);
    },
    ownKey: async (request) => {
      await authenticate(services, request);
      const caller = callerOf(request);
      if (!hasScope(caller, 'generate')) requireScope(caller, 'read');
    },
    body:
      (...types) =>
      async (request) =>
        requireBody(request, types),
    rateLimit: (request, reply) => countRequest(services, request, reply),
  };
}

const bearer = /^Bearer +(?<key>\S+) *$/i;

/** Sets `request.caller`. @throws DomainError `unauthorized` */
async function authenticate(
  { keys, pageSession }: Pick<HttpServices, 'keys' | 'pageSession'>,
  request: FastifyRequest,
): Promise<void> {
  const key = keyOf(request);
  if (key === undefined) {
    request.caller = (await pageSession?.callerOf(request)) ?? null;
    if (request.caller !== null) return;
    throw new DomainError('unauthorized', fixedMessages.missingKey);
  }
  request.caller = await keys.authenticate(key);
}

/** `x-api-key` takes precedence over `Authorization` (RFC 6750 §2.1). */
function keyOf({ headers: sent }: FastifyRequest): string | undefined {
  const own = sent[headers.apiKey];
  if (typeof own === 'string' && own.trim() !== '') return own.trim();
  return bearer.exec(sent.authorization ?? '')?.groups?.key;
}

/** Counts the request against the rate limit of its key, and sets the headers of the limit. @throws DomainError `rate_limited` */
async function countRequest(
  services: Pick<HttpServices, 'countAgainstLimit'>,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const { isAllowed, limit, remaining, resetAt } = await services.countAgainstLimit(callerOf(request));
  reply
    .header(headers.rateLimitLimit, String(limit))
    .header(headers.rateLimitRemaining, String(remaining))
    .header(headers.rateLimitResetAt, resetAt.toISOString());
  if (isAllowed) return;
  const retryAfterSeconds = Math.max(1, Math.ceil((resetAt.getTime() - Date.now()) / 1000));
  throw new DomainError('rate_limited', `rate limit of ${limit} requests/min exceeded`, {
    remedy: `retry in ${retryAfterSeconds} s`,
    retryAfterSeconds,
  });
}
