import type { FastifyReply } from 'fastify';

/** The client closed its connection before it had the whole reply. */
export class ClientGone extends Error {
  constructor() {
    super('the client went away');
    this.name = 'ClientGone';
  }
}

/** Aborted, with `ClientGone`, when nobody is there any more to take the reply. */
export function clientGone({ raw }: FastifyReply): AbortSignal {
  const controller = new AbortController();
  const notice = () => {
    if (!raw.writableFinished) controller.abort(new ClientGone());
  };
  if (raw.closed) notice();
  else raw.once('close', notice);
  return controller.signal;
}
