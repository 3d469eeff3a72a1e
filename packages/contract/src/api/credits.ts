import { type Static, Type } from 'typebox';
import { profileNames, type UsageDimension, usageDimensions } from '../limits.ts';
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

const profileQuoteSchema = openObject(
  {
    profile: choice(profileNames, { description: 'The profile', examples: ['fast'] }),
    price: credits({ description: 'In credits', examples: [0.0009] }),
    seconds: nullable(Type.Number({ minimum: 0 }), {
      description:
        'How long the work takes, as measured on the engines that run now, without waiting; null: not measured yet',
      examples: [12.5, null],
    }),
  },
  { title: 'ProfileQuote', description: 'Price and time of a request in one profile' },
);

const draftOfferSchema = openObject(
  {
    offered: Type.Boolean({ description: 'Whether a draft of it would be made', examples: [true] }),
    reason: nullable(Type.String(), {
      description: 'Why not, and what helps; null: it would be',
      examples: [
        'this would take about 41.3 s here, and a draft may take 3 s; ask for fewer steps, a smaller picture or a faster profile',
        null,
      ],
    }),
  },
  { title: 'DraftOffer', description: 'Whether `draft` of POST /api/jobs is possible with a request' },
);

export type DraftOffer = Static<typeof draftOfferSchema>;

export const priceQuoteSchema = openObject(
  {
    price: credits({ description: 'In credits', examples: [0.0037] }),
    model: Type.String({ description: 'The model', examples: ['playground-v2.5'] }),
    samples: Type.Integer({ minimum: 1, description: 'The number of pictures', examples: [1] }),
    num_inference_steps: Type.Integer({ minimum: 1, description: 'Denoising steps', examples: [25] }),
    img_width: Type.Integer({ minimum: 1, description: 'In pixels', examples: [1024] }),
    img_height: Type.Integer({ minimum: 1, description: 'In pixels', examples: [1024] }),
    upscale: nullable(Type.Integer({ minimum: 1 }), {
      description: 'By how much the pictures are enlarged; null: not at all',
      examples: [2, null],
    }),
    profile: choice(profileNames, { description: 'The profile', examples: ['exact'] }),
    profiles: Type.Array(profileQuoteSchema, { description: 'The same in each profile that the model offers' }),
    draft: draftOfferSchema,
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
  cost: credits({ description: 'What was charged for them, less `refunded`', examples: [0.074] }),
  refunded: credits({ description: 'What was refunded on these days, also of earlier jobs', examples: [0] }),
};

export const usageRowSchema = openObject(
  {
    group: Type.String({
      description: 'The day, the id of the key or the name of the model',
      examples: ['2026-01-31', 'playground-v2.5'],
    }),
    name: nullable(Type.String(), {
      description: 'The name of the key; null for days and models',
      examples: ['website', null],
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

/** The parts of a list such as `account,day`; undefined for one with an unknown or a repeated part. */
export function parseUsageDimensions(text: string): UsageDimension[] | undefined {
  const asked = text.split(',').map((part) => part.trim());
  const known = usageDimensions.filter((dimension) => asked.includes(dimension));
  return known.length === asked.length ? known : undefined;
}

const usageFormats = ['json', 'csv'] as const;

const reportFields = closedObject(
  {
    from: fields.properties.from,
    to: fields.properties.to,
    by: Type.Optional(
      Type.Refine(
        Type.String({
          maxLength: 100,
          description: 'What to add up by: a list of account, key, day and model',
          default: 'account',
          examples: ['account,day'],
        }),
        (text) => typeof text !== 'string' || parseUsageDimensions(text) !== undefined,
        () => 'a list of account, key, day and model, each once, such as account,day',
      ),
    ),
    account_id: Type.Optional(uuid('Of this account only')),
    format: Type.Optional(
      choice(usageFormats, { description: 'JSON or CSV (RFC 4180)', default: 'json', examples: ['csv'] }),
    ),
  },
  { title: 'UsageReportQuery', description: 'Which days and accounts, and how to add up' },
);

export const usageReportQuerySchema = Type.Refine(
  reportFields,
  ({ from, to }) => !isAfter(from, to),
  ({ from, to }) => `from must not be later than to (got ${String(from)} and ${String(to)})`,
);

const onlyBy = (dimension: UsageDimension, example: string) =>
  nullable(Type.String(), { description: `null where \`by\` does not have ${dimension}`, examples: [example, null] });

export const usageReportRowSchema = openObject(
  {
    account_id: onlyBy('account', '01980c5e-7d3a-7c61-9a52-3f0b6f1c2d4e'),
    account: onlyBy('account', 'Design team'),
    key_id: onlyBy('key', '01980c5e-7d3a-7c61-9a52-3f0b6f1c2d4e'),
    key: onlyBy('key', 'website'),
    day: onlyBy('day', '2026-01-31'),
    model: onlyBy('model', 'playground-v2.5'),
    ...counts,
  },
  { title: 'UsageReportRow', description: 'The usage of one combination of account, key, day and model' },
);

export const usageReportSchema = openObject(
  {
    from: day('The first day'),
    to: day('The last day'),
    by: Type.Array(choice(usageDimensions, { description: 'A column', examples: ['account'] }), {
      description: 'What the rows are by',
      examples: [['account', 'day']],
    }),
    rows: Type.Array(usageReportRowSchema, { description: 'By account, key, day and model, each in its order' }),
    total: usageTotalSchema,
  },
  { title: 'UsageReport', description: 'The reply of GET /api/admin/usage' },
);

export type UsageReportQuery = Static<typeof reportFields>;
export type UsageReportRow = Static<typeof usageReportRowSchema>;
export type UsageReport = Static<typeof usageReportSchema>;
export type UsageQuery = Static<typeof fields>;
export type UsageRow = Static<typeof usageRowSchema>;
export type UsageTotal = Static<typeof usageTotalSchema>;
export type UsageReply = Static<typeof usageReplySchema>;

export const ledgerKinds = ['grant', 'hold', 'charge', 'release', 'refund'] as const;
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
      description:
        'Credits given, reserved for a job, charged for it, released when it did not succeed, or refunded afterwards',
      examples: ['charge'],
    }),
    amount: credits({
      description:
        'The change in the available balance: a hold is −price, a release +price, a charge of a hold 0, a grant what was given or taken back, a refund what was given back',
      examples: [-0.0037, 10],
    }),
    amount_charged: credits({
      description: 'What was charged: of a charge its price, of a refund −amount, else 0',
      examples: [0, 0.0037],
    }),
    remaining: credits({ description: 'What could be spent after it', examples: [12.4963] }),
    job_id: nullable(uuid("The job's id"), {
      description: 'The job it is for; null for a grant',
      examples: ['01980c5e-7d3a-7c61-9a52-3f0b6f1c2d4e', null],
    }),
    note: nullable(Type.String(), {
      description: 'What the grant was for, or why it was refunded',
      examples: ['January', null],
    }),
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
