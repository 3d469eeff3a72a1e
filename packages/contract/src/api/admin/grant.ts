import { type Static, Type } from 'typebox';
import { limits } from '../../limits.ts';
import { credits, creditsIn, instant, uuid } from '../../schema/common-fields.ts';
import { closedObject, nullable, openObject, textOf } from '../../schema/define.ts';

const { max } = limits.credits;

const change = {
  amount: Type.Refine(
    creditsIn(
      { min: -max, max },
      { description: 'In credits, with at most six decimal places; negative: taken back', examples: [10] },
    ),
    (value) => value !== 0,
    () => 'more or less than 0',
  ),
  reason: Type.Optional(
    textOf(
      { min: 0, max: 500 },
      { description: 'What it is for; in the ledger; required for a negative amount', examples: ['January'] },
    ),
  ),
  note: Type.Optional(textOf({ min: 0, max: 500 }, { description: 'The same as `reason`', examples: ['January'] })),
};

export const grantCreateSchema = closedObject(
  { account_id: uuid('Who gets them'), ...change },
  { title: 'GrantCreate', description: 'The body of POST /api/admin/grants' },
);

export const accountGrantCreateSchema = closedObject(change, {
  title: 'AccountGrantCreate',
  description: 'The body of POST /api/admin/accounts/ID/grants',
});

export const grantSchema = openObject(
  {
    id: Type.String({ description: "The ledger entry's id", examples: ['1024'] }),
    account_id: uuid('Who got them'),
    amount: credits({ description: 'In credits; negative: taken back', examples: [10, -2.5] }),
    note: nullable(Type.String(), { description: 'What they are for', examples: ['January', null] }),
    created_at: instant('When they were given'),
    remaining: credits({ description: 'What the account can spend now', examples: [22.5] }),
  },
  { title: 'Grant', description: 'Credits that were given' },
);

export type GrantCreate = Static<typeof grantCreateSchema>;
export type AccountGrantCreate = Static<typeof accountGrantCreateSchema>;
export type Grant = Static<typeof grantSchema>;
