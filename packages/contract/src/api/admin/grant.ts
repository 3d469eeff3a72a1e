import { type Static, Type } from 'typebox';
import { limits } from '../../limits.ts';
import { credits, creditsIn, instant, uuid } from '../../schema/common-fields.ts';
import { closedObject, nullable, openObject, textOf } from '../../schema/define.ts';

/** The smallest amount there is. */
const smallest = 0.000001;

export const grantCreateSchema = closedObject(
  {
    account_id: uuid('Who gets them'),
    amount: creditsIn(
      { min: smallest, max: limits.credits.max },
      { description: 'In credits, with at most six decimal places', examples: [10] },
    ),
    note: Type.Optional(
      textOf({ min: 0, max: 500 }, { description: 'What they are for; in the ledger', examples: ['January'] }),
    ),
  },
  { title: 'GrantCreate', description: 'The body of POST /api/admin/grants' },
);

export const grantSchema = openObject(
  {
    id: Type.String({ description: "The ledger entry's id", examples: ['1024'] }),
    account_id: uuid('Who got them'),
    amount: credits({ description: 'In credits', examples: [10] }),
    note: nullable(Type.String(), { description: 'What they are for', examples: ['January', null] }),
    created_at: instant('When they were given'),
    remaining: credits({ description: 'What the account can spend now', examples: [22.5] }),
  },
  { title: 'Grant', description: 'Credits that were given' },
);

export type GrantCreate = Static<typeof grantCreateSchema>;
export type Grant = Static<typeof grantSchema>;
