import type { Static } from 'typebox';
import { credits } from '../schema/common-fields.ts';
import { nullable, openObject } from '../schema/define.ts';

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
