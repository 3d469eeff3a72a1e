import { Room } from '../room.ts';
import type { HttpApp } from './surface.ts';
import { clientGone } from './wait-for-job.ts';
import { whenClosed } from './when-closed.ts';

/** Requests that are handled at the same time; each needs one of the ten connections to the database at most. */
const share = {
  capacity: 8,
  capacityPerOwner: 4,
  patienceMs: 30_000,
  refusal: 'this account has too many requests at the same time',
  code: 'rate_limited',
} as const;

declare module 'fastify' {
  interface FastifyRequest {
    /** Lets another request be handled in its place; null before it has a place, and where it needs none. */
    leavePlace: (() => void) | null;
  }
}

/**
 * Handles only a few requests of an account at the same time; the others wait, and accounts take turns. So an account that sends a thousand
 * at once holds up itself and nobody else. Those that count against the rate limit are bounded by it, and may have to wait for long: they
 * need no place. To be called after what reads the database for a reply.
 */
export function shareAmongAccounts(app: HttpApp): void {
  const places = new Room(share);
  app.decorateRequest('leavePlace', null);
  app.addHook('preHandler', async (request, reply) => {
    const { caller, routeOptions } = request;
    if (caller === null || routeOptions.config.isRateLimited === true) return;
    const leave = await places.enter(caller.accountId, 1, { signal: clientGone(reply) });
    request.leavePlace = leave;
    whenClosed(reply.raw, leave);
  });
  // However slowly a reply is read.
  app.addHook('onSend', async ({ leavePlace }) => leavePlace?.());
}
