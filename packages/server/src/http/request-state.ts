import type { FastifyRequest } from 'fastify';
import type { Caller } from '../keys/caller.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who it comes from; null until the key was accepted, and where none is needed. */
    caller: Caller | null;
    /** The job that it submitted or asks about, for the log. */
    jobId: string | null;
  }
}

/** The caller of a route that asks for a key. */
export function callerOf(request: FastifyRequest): Caller {
  if (request.caller === null) throw new TypeError(`${request.routeOptions.url} is used without asking for a key`);
  return request.caller;
}
