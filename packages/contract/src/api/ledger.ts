import { type Static, Type } from 'typebox';
import { credits, cursorParam, instant, limitParam, nextCursor, uuid } from '../schema/common-fields.ts';
import { choice, closedObject, nullable, openObject } from '../schema/define.ts';

export const ledgerKinds = ['grant', 'hold', 'charge', 'release'] as const;
export type LedgerKind = (typeof ledgerKinds)[number];

export const ledgerQuerySchema = closedObject(
  { cursor: Type.Optional(cursorParam), limit: Type.Optional(limitParam) },
  { title: 'LedgerQuery', description: 'Which page' },
);

export const ledgerEntrySchema = openObject(
  {
    id: Type.String({ description: "The entry's id", examples: ['1024'] }),
    created_at: instant('When it was written'),
    kind: choice(ledgerKinds, {
      description: 'Credits given, reserved for a job, charged for it, or given back',
      examples: ['charge'],
    }),
    amount: credits({
      description:
        'The change of what can be spent: a hold is −price, a release +price, a charge of a hold 0, a grant what was given or taken back',
      examples: [-0.0037, 10],
    }),
    amount_charged: credits({ description: 'What was charged: of a charge its price, else 0', examples: [0, 0.0037] }),
    remaining: credits({ description: 'What could be spent after it', examples: [12.4963] }),
    job_id: nullable(uuid("The job's id"), {
      description: 'The job it is for; null for a grant',
      examples: ['01980c5e-7d3a-7c61-9a52-3f0b6f1c2d4e', null],
    }),
    note: nullable(Type.String(), { description: 'What the grant was for', examples: ['January', null] }),
  },
  { title: 'LedgerEntry', description: 'One line of the account' },
);

export const ledgerPageSchema = openObject(
  {
    entries: Type.Array(ledgerEntrySchema, { description: 'Newest first' }),
    next_cursor: nextCursor,
  },
  { title: 'LedgerPage', description: 'A page of the ledger' },
);

export type LedgerQuery = Static<typeof ledgerQuerySchema>;
export type LedgerEntry = Static<typeof ledgerEntrySchema>;
export type LedgerPage = Static<typeof ledgerPageSchema>;
