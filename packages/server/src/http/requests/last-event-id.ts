import { headers, patterns } from '@easel/contract';
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';

/** The headers of a client that comes back to a stream. */
export const resumeHeaders = Type.Object(
  {
    [headers.lastEventId]: Type.Optional(
      Type.String({
        pattern: patterns.eventId.source,
        description: 'The id of the last event that was seen: go on after it',
        examples: ['1024'],
      }),
    ),
  },
  { title: 'ResumeHeaders', description: 'Where a stream of events goes on' },
);

/** The event to go on after; 0: from the beginning. */
export function lastEventId(request: FastifyRequest): bigint {
  const sent = request.headers[headers.lastEventId];
  return typeof sent === 'string' ? BigInt(sent) : 0n;
}
