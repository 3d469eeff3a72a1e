import { fixedMessages, headers, type KeyScope } from '@easel/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DomainError } from '../domain-error.ts';
import { type Caller, hasScope, requireScope } from '../keys/callers.ts';
import { type BodyType, requireBody } from './receive-body.ts';
import type { HttpServices } from './services.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The authenticated caller; null before authentication, and on routes without a key. */
    caller: Caller | null;
    /** The job that the request created or asks about, for the log. */
    jobId: string | null;
  }
}

/** The caller of a request, on a route that requires a key. */
export function callerOf(request: FastifyRequest): Caller {
  if (request.caller === null) throw new TypeError(`${request.routeOptions.url} has no check of the key`);
  return request.caller;
}

type Check = (request: FastifyRequest, reply: FastifyReply) => Promise<void>;

/** Checks that a request must pass, in the order in which a route has to use them. */
export interface Gate {
  /** For `onRequest`: requires a key with this scope. */
  key(scope: KeyScope): Check;
  /** For `onRequest`: requires a key with the scope `generate` or `read`, for what the caller's own account has. */
  readonly ownKey: Check;
  /** For `onRequest`, after the key: requires headers of a body of one of these types. */
  body(...types: readonly BodyType[]): Check;
  /** For `onRequest`, last: counts a request that creates a job, valid or not, against the rate limit before its body is read. */
  readonly rateLimit: Check;
}

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
export async function authenticate(
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
export async function countRequest(
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
  throw new DomainError(
    'rate_limited',
    `rate limit of ${limit} requests/min exceeded; retry in ${retryAfterSeconds} s`,
    { retryAfterSeconds },
  );
}
