import { type Static, Type } from 'typebox';
import { credits, cursorParam, instant, limitParam, nextCursor, uuid } from '../../schema/common-fields.ts';
import { closedObject, openObject, textOf } from '../../schema/define.ts';

const name = textOf({ min: 1, max: 100 }, { description: 'For people; must be unique', examples: ['Design team'] });

export const accountCreateSchema = closedObject(
  { name },
  { title: 'AccountCreate', description: 'The body of POST /api/admin/accounts; credits come by a grant' },
);

export const accountSchema = openObject(
  {
    id: uuid("The account's id"),
    name,
    created_at: instant('When it was made'),
    balance: credits({ description: 'What it has', examples: [12.5] }),
    held: credits({ description: 'What is reserved for jobs that have not ended', examples: [0] }),
    remaining: credits({ description: 'balance − held', examples: [12.5] }),
  },
  { title: 'Account', description: 'Keys, jobs and credits belong to an account' },
);

export const accountParamsSchema = closedObject(
  { id: uuid("The account's id") },
  { title: 'AccountParams', description: 'Which account' },
);

export const accountListQuerySchema = closedObject(
  { cursor: Type.Optional(cursorParam), limit: Type.Optional(limitParam) },
  { title: 'AccountListQuery', description: 'Which page' },
);

export const accountPageSchema = openObject(
  {
    accounts: Type.Array(accountSchema, { description: 'Newest first' }),
    next_cursor: nextCursor,
  },
  { title: 'AccountPage', description: 'A page of accounts' },
);

export type AccountCreate = Static<typeof accountCreateSchema>;
export type Account = Static<typeof accountSchema>;
export type AccountParams = Static<typeof accountParamsSchema>;
export type AccountListQuery = Static<typeof accountListQuerySchema>;
export type AccountPage = Static<typeof accountPageSchema>;
