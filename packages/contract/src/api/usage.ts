import { type Static, Type } from 'typebox';
import { credits, day } from '../schema/common-fields.ts';
import { choice, closedObject, count, openObject } from '../schema/define.ts';

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
