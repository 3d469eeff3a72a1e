import type { KeyScope } from '@easel/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { hasScope, requireScope } from '../../keys/caller.ts';
import { callerOf } from '../request-state.ts';
import type { HttpServices } from '../services.ts';
import { authenticate } from './authentication.ts';
import { type BodyType, requireBody } from './content-type.ts';
import { countRequest } from './rate-limit.ts';

type Check = (request: FastifyRequest, reply: FastifyReply) => Promise<void>;

/** What a request must pass, in the order in which a route has to ask. */
export interface Gate {
  /** For `onRequest`: a key with this scope. */
  key(scope: KeyScope): Check;
  /** For `onRequest`: a key with one of the scopes of its owner, to see what it made. */
  readonly ownKey: Check;
  /** For `onRequest`, after the key: a body of one of these types, as far as its headers tell. */
  body(...types: readonly BodyType[]): Check;
  /** For `onRequest`, at its end: the limit of requests that create work, valid ones or not, before the body is read. */
  readonly rateLimit: Check;
}

export function createGate(services: Pick<HttpServices, 'keys' | 'pageSession' | 'rateLimiter'>): Gate {
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
