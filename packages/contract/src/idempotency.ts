import { type Static, Type } from 'typebox';
import { patterns } from './schema/patterns.ts';

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
