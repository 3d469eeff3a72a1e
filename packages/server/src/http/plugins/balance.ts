import { headers, microToDecimal } from '@easel/contract';
import type { HttpApp } from '../http-app.ts';
import type { HttpServices } from '../services.ts';

/** Every reply to a caller, errors too, tells what can still be spent and what this request has cost. */
export function tellBalance(app: HttpApp, { credits }: Pick<HttpServices, 'credits'>): void {
  app.addHook('onSend', async (request, reply) => {
    const { caller } = request;
    if (caller === null) return;
    if (!reply.hasHeader(headers.cost)) reply.header(headers.cost, '0');
    try {
      const { available } = await credits.balance(caller.accountId);
      reply.header(headers.remainingCredits, microToDecimal(available));
    } catch (error) {
      // The reply may be a picture that is paid for: better without its header than not at all.
      request.log.error({ err: error }, 'the balance could not be read for a reply');
    }
  });
}
