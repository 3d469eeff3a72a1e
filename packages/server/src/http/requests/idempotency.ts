import { createHash } from 'node:crypto';
import { headers, idempotencyKeySchema } from '@easel/contract';
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { Submission } from '../../jobs/submit-job.ts';
import { pathOf } from '../surface.ts';

/** The headers of a request that creates work. */
export const workHeaders = Type.Object(
  { [headers.idempotencyKey]: Type.Optional(idempotencyKeySchema) },
  { title: 'WorkHeaders', description: 'Headers of a request that creates work' },
);

/** Whether the same request may come again, for its client chose a key for it. */
export function isRepeatable({ headers: sent }: FastifyRequest): boolean {
  return typeof sent[headers.idempotencyKey] === 'string';
}

/** The key that the client chose and a digest of what it asked for; null: it chose none. */
export function idempotencyOf(request: FastifyRequest): Submission['idempotency'] {
  const key = request.headers[headers.idempotencyKey];
  if (typeof key !== 'string') return null;
  const asked = [pathOf(request.url), request.body];
  return { key, bodyHash: createHash('sha256').update(canonicalJson(asked)).digest() };
}

/** The same text for the same value, whatever the order of its fields. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_name, each: unknown) => {
    if (typeof each !== 'object' || each === null || Array.isArray(each)) return each;
    return Object.fromEntries(Object.entries(each).sort(([one], [other]) => (one < other ? -1 : 1)));
  });
}
