import { type Static, Type } from 'typebox';
import { patterns } from './schema/patterns.ts';

/** Names of the headers that clients read or send, as they are spelled on the wire. */
export const headers = {
  apiKey: 'x-api-key',
  idempotencyKey: 'idempotency-key',
  lastEventId: 'last-event-id',
  remainingCredits: 'x-remaining-credits',
  cost: 'x-cost',
  requestId: 'x-request-id',
  generationTime: 'x-generation-time',
  seedValue: 'x-seed-value',
  outputMetadata: 'x-output-metadata',
  model: 'x-model',
  device: 'x-device',
  size: 'x-size',
  ignoredFields: 'x-ignored-fields',
  notes: 'x-notes',
  /** Of draft-ietf-httpapi-ratelimit-headers, beside the vendor's. */
  rateLimitPolicy: 'ratelimit-policy',
  rateLimit: 'ratelimit',
  rateLimitLimit: 'x-rate-limit-limit',
  rateLimitRemaining: 'x-rate-limit-remaining',
  rateLimitResetAt: 'x-rate-limit-reset-at-utc',
  retryAfter: 'retry-after',
  link: 'link',
} as const;

/** What a page of another origin may read (Fetch standard, `Access-Control-Expose-Headers`). */
export const exposedHeaders: readonly string[] = [
  headers.remainingCredits,
  headers.cost,
  headers.requestId,
  headers.generationTime,
  headers.seedValue,
  headers.outputMetadata,
  headers.model,
  headers.device,
  headers.size,
  headers.ignoredFields,
  headers.notes,
  headers.rateLimitPolicy,
  headers.rateLimit,
  headers.rateLimitLimit,
  headers.rateLimitRemaining,
  headers.rateLimitResetAt,
  headers.retryAfter,
  headers.link,
];

/** The header `Idempotency-Key` of every POST that creates work. */
export const idempotencyKeySchema = Type.String({
  title: 'IdempotencyKey',
  description:
    'Chosen by the client, printable ASCII. The same key and body waits on, or returns, the first result and charges once; ' +
    'another body is refused with 409; it is remembered for 24 hours',
  minLength: 1,
  maxLength: 255,
  pattern: patterns.printable.source,
  examples: ['7d3a1c2e-order-42'],
});

export type IdempotencyKey = Static<typeof idempotencyKeySchema>;
