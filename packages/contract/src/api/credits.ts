import { type Static, Type } from 'typebox';
import { profileNames } from '../limits.ts';
import { credits, cursorParam, day, instant, limitParam, nextCursor, uuid } from '../schema/common-fields.ts';
import { choice, closedObject, count, nullable, openObject } from '../schema/define.ts';

export const creditsSchema = openObject(
  {
    balance: credits({ description: 'What the account has', examples: [12.5] }),
    held: credits({ description: 'What is reserved for jobs that have not ended', examples: [0.0074] }),
    remaining: credits({ description: 'balance − held: what can still be spent', examples: [12.4926] }),
    monthly_budget: nullable(credits({ description: 'In credits', examples: [5] }), {
      description: 'What this key may spend in a calendar month of UTC; null: all',
      examples: [5, null],
    }),
    spent_this_month: credits({ description: 'What this key has spent or reserved of it', examples: [1.25] }),
  },
  { title: 'Credits', description: 'The reply of GET /api/credits' },
);

export type Credits = Static<typeof creditsSchema>;

export const priceQuoteSchema = openObject(
  {
    price: credits({ description: 'In credits', examples: [0.0037] }),
    model: Type.String({ description: 'The model', examples: ['playground-v2.5'] }),
    samples: Type.Integer({ minimum: 1, description: 'The number of pictures', examples: [1] }),
    num_inference_steps: Type.Integer({ minimum: 1, description: 'Denoising steps', examples: [25] }),
    img_width: Type.Integer({ minimum: 1, description: 'In pixels', examples: [1024] }),
    img_height: Type.Integer({ minimum: 1, description: 'In pixels', examples: [1024] }),
    profile: choice(profileNames, { description: 'The profile', examples: ['exact'] }),
  },
  { title: 'PriceQuote', description: 'A price and what it is for' },
);

export type PriceQuote = Static<typeof priceQuoteSchema>;

export const usageGroups = ['day', 'key', 'model'] as const;
export type UsageGroup = (typeof usageGroups)[number];

const fields = closedObject(
  {
    from: Type.Optional(day('The first day, in UTC. Default: 29 days before the last')),
    to: Type.Optional(day('The last day, in UTC. Default: today')),
    group: Type.Optional(choice(usageGroups, { description: 'Add up by', default: 'day', examples: ['model'] })),
  },
  { title: 'UsageQuery', description: 'Which days, and how to add up' },
);

export const usageQuerySchema = Type.Refine(
  fields,
  ({ from, to }) => !isAfter(from, to),
  ({ from, to }) => `from must not be later than to (got ${String(from)} and ${String(to)})`,
);

/** Days of RFC 3339 sort as text. What is no text is left to the fields' own schemas. */
function isAfter(from: unknown, to: unknown): boolean {
  return typeof from === 'string' && typeof to === 'string' && from > to;
}

const counts = {
  jobs: count({ description: 'Jobs that succeeded', examples: [12] }),
  images: count({ description: 'Their pictures', examples: [20] }),
  cost: credits({ description: 'What was charged for them', examples: [0.074] }),
};

export const usageRowSchema = openObject(
  {
    group: Type.String({
      description: 'The day, the id of the key or the name of the model',
      examples: ['2026-01-31', 'playground-v2.5'],
    }),
    ...counts,
  },
  { title: 'UsageRow', description: 'The usage of one day, key or model' },
);

export const usageTotalSchema = openObject(counts, { title: 'UsageTotal', description: 'The usage of all rows' });

export const usageReplySchema = openObject(
  {
    from: day('The first day'),
    to: day('The last day'),
    group: choice(usageGroups, { description: 'What the rows are', examples: ['day'] }),
    rows: Type.Array(usageRowSchema, { description: 'Days in order, the others by cost' }),
    total: usageTotalSchema,
  },
  { title: 'UsageReply', description: 'The reply of GET /api/usage' },
);

export type UsageQuery = Static<typeof fields>;
export type UsageRow = Static<typeof usageRowSchema>;
export type UsageTotal = Static<typeof usageTotalSchema>;
export type UsageReply = Static<typeof usageReplySchema>;

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
        'The change in the available balance: a hold is −price, a release +price, a charge of a hold 0, a grant what was given or taken back',
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
