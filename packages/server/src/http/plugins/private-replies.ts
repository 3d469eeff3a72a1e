import type { HttpApp } from '../http-app.ts';

/** What an account is told is for nobody between it and us to keep (RFC 9111 §5.2.2.5), and is what its header says it is. */
export function keepRepliesPrivate(app: HttpApp): void {
  app.addHook('onSend', async (_request, reply) => {
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
    if (!reply.hasHeader('x-content-type-options')) reply.header('x-content-type-options', 'nosniff');
  });
}
