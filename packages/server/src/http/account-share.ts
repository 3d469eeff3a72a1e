import { hasScope } from '../keys/callers.ts';
import { Room } from '../room.ts';
import type { HttpApp, HttpOptions } from './surface.ts';
import { clientGone } from './wait-for-job.ts';

/** Requests that are handled at the same time; each needs one of the ten connections to the database at most. */
const share = {
  capacity: 8,
  capacityPerOwner: 4,
  refusal: 'the server has too many requests at the same time',
  ownRefusal: 'this account has too many requests at the same time',
} as const;
const PATIENCE_MS = 30_000;

declare module 'fastify' {
  interface FastifyRequest {
    /** Lets another request be handled in its place; null before it has a place, and where it needs none. */
    leavePlace: (() => void) | null;
  }
}

/**
 * Handles only a few requests of an account at the same time; the others wait, and accounts take turns. So an account that sends a thousand
 * at once holds up itself and nobody else. Those that count against the rate limit are bounded by it, and may have to wait for long: they
 * need no place. Nor do those of administrators, who look after a server that has too much to do. To be called after what reads the database
 * for a reply.
 */
export function shareAmongAccounts(
  app: HttpApp,
  { roomPatienceMs: patienceMs = PATIENCE_MS }: Pick<HttpOptions, 'roomPatienceMs'>,
): void {
  const places = new Room({ ...share, patienceMs });
  app.decorateRequest('leavePlace', null);
  app.addHook('preHandler', async (request, reply) => {
    const { caller, routeOptions } = request;
    if (caller === null || routeOptions.config.isRateLimited === true || hasScope(caller, 'admin')) return;
    request.leavePlace = await places.enter(caller.accountId, 1, { signal: clientGone(reply) });
  });
  // However slowly a reply is read; and not when the client goes away, which ends no query. Fastify sends the reply then as ever, to nobody.
  app.addHook('onSend', async ({ leavePlace }) => leavePlace?.());
}
