import { fixedMessages, headers } from '@easel/contract';
import type { FastifyRequest } from 'fastify';
import { DomainError } from '../../domain-error.ts';
import type { HttpServices } from '../services.ts';

const bearer = /^Bearer +(?<key>\S+) *$/i;

/** Learns whose request it is. @throws DomainError `unauthorized` */
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

/** The vendor's own header goes before the standard one (RFC 6750 §2.1). */
function keyOf({ headers: sent }: FastifyRequest): string | undefined {
  const own = sent[headers.apiKey];
  if (typeof own === 'string' && own.trim() !== '') return own.trim();
  return bearer.exec(sent.authorization ?? '')?.groups?.key;
}
