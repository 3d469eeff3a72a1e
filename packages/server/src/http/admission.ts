import { fixedMessages, headers } from '@easel/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DomainError } from '../domain-error.ts';
import { hasScope, RATE_WINDOW_SECONDS, type RateLimitState, requireScope } from '../keys/callers.ts';
import { requireBody } from './receive-body.ts';
import type { HttpServices } from './services.ts';
import { callerOf, type Gate, type HttpApp } from './surface.ts';

export function createGate(services: Pick<HttpServices, 'keys' | 'pageSession' | 'countAgainstLimit'>): Gate {
  return {
    key:
      (...scopes) =>
      async (request) => {
        await authenticate(services, request);
        for (const scope of scopes) requireScope(callerOf(request), scope);
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

/** Sets `request.caller`. @throws DomainError `unauthorized`, `rate_limited` after too many wrong keys */
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
  request.caller = await keys.authenticate(key, request.ip);
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
  const state = await services.countAgainstLimit(callerOf(request));
  tellLimit(reply, state);
  if (state.isAllowed) return;
  const { limit } = state;
  const retryAfterSeconds = secondsToReset(state);
  throw new DomainError('rate_limited', `rate limit of ${limit} requests/min exceeded`, {
    remedy: `retry in ${retryAfterSeconds} s`,
    retryAfterSeconds,
  });
}

/** Of the policy in the headers of the draft, which may have several. */
const POLICY = '"requests"';

/**
 * Sets the headers of the rate limit: the vendor's, and those of draft-ietf-httpapi-ratelimit-headers (§3, §4), which are lists of
 * structured fields: `q` requests in each window of `w` seconds, `r` left, `t` seconds to the next window.
 */
function tellLimit(reply: FastifyReply, state: RateLimitState): void {
  const { limit, remaining, resetAt } = state;
  reply
    .header(headers.rateLimitPolicy, `${POLICY};q=${limit};w=${RATE_WINDOW_SECONDS}`)
    .header(headers.rateLimit, `${POLICY};r=${remaining};t=${secondsToReset(state)}`)
    .header(headers.rateLimitLimit, String(limit))
    .header(headers.rateLimitRemaining, String(remaining))
    .header(headers.rateLimitResetAt, resetAt.toISOString());
}

/** The draft wants the same moment in `Retry-After` and `t`. */
function secondsToReset({ resetAt }: RateLimitState): number {
  return Math.max(1, Math.ceil((resetAt.getTime() - Date.now()) / 1000));
}

/** Sends the headers of the rate limit with every reply of a limited route to a caller, also where the request was refused before it was counted. */
export function sendRateLimits(app: HttpApp, services: Pick<HttpServices, 'rateLimitOf'>): void {
  app.addHook('onSend', async (request, reply) => {
    const { caller, routeOptions } = request;
    if (caller === null || routeOptions.config.isRateLimited !== true || reply.hasHeader(headers.rateLimitPolicy))
      return;
    try {
      tellLimit(reply, await services.rateLimitOf(caller));
    } catch (error) {
      request.log.error({ err: error }, 'could not read the rate limit for the headers of a reply');
    }
  });
}
