import { type Static, Type } from 'typebox';
import { limits, refillModes } from '../../limits.ts';
import { credits, creditsIn, cursorParam, instant, limitParam, nextCursor, uuid } from '../../schema/common-fields.ts';
import { choice, closedObject, count, integerIn, nullable, openObject, textOf } from '../../schema/define.ts';

const name = textOf({ min: 1, max: 100 }, { description: 'For people; must be unique', examples: ['Design team'] });

const maxConcurrent = nullable(
  integerIn(limits.concurrent, { description: 'Jobs that may run at the same time', examples: [4] }),
  {
    description: "How many of its jobs may run at the same time; null: the server's own limit",
    default: null,
    examples: [4, null],
  },
);

const maxQueued = nullable(integerIn(limits.queued, { description: 'Jobs that may wait', examples: [100] }), {
  description: "How many of its jobs may wait; null: the server's own limit",
  default: null,
  examples: [100, null],
});

const refillTerms = {
  amount: creditsIn({ min: 0.000001, max: limits.credits.max }, { description: 'In credits', examples: [10] }),
  day: integerIn(limits.refillDay, {
    description: 'The day of the month, in UTC; in a shorter month its last day',
    examples: [1],
  }),
  mode: choice(refillModes, {
    description: 'add: the amount is added; top_up: the balance, with what is held for jobs, is raised to the amount',
    examples: ['add'],
  }),
};

const refillSchema = closedObject(refillTerms, { title: 'Refill', description: 'What an account gets each month' });

const refill = nullable(refillSchema, {
  description: 'What it gets each month, for the first time on the next such day, today included; null: nothing',
  default: null,
  examples: [{ amount: 10, day: 1, mode: 'add' }, null],
});

export const accountCreateSchema = closedObject(
  {
    name,
    max_concurrent: Type.Optional(maxConcurrent),
    max_queued: Type.Optional(maxQueued),
    refill: Type.Optional(refill),
  },
  { title: 'AccountCreate', description: 'The body of POST /api/admin/accounts; credits come by a grant' },
);

/** PATCH /api/admin/accounts/:id changes what is given and answers with the account. */
export const accountPatchSchema = Type.Object(
  {
    name: Type.Optional(name),
    max_concurrent: Type.Optional(maxConcurrent),
    max_queued: Type.Optional(maxQueued),
    refill: Type.Optional(refill),
  },
  {
    title: 'AccountPatch',
    description: 'The body of PATCH /api/admin/accounts/:id; what is absent stays',
    additionalProperties: false,
    minProperties: 1,
  },
);

export const accountSchema = openObject(
  {
    id: uuid("The account's id"),
    name,
    created_at: instant('When it was made'),
    balance: credits({ description: 'What it has', examples: [12.5] }),
    held: credits({ description: 'What is reserved for jobs that have not ended', examples: [0] }),
    remaining: credits({ description: 'balance − held', examples: [12.5] }),
    max_concurrent: maxConcurrent,
    max_queued: maxQueued,
    closed_at: nullable(instant('When it was closed'), {
      description: 'When it was closed; null: it is open',
      examples: [null, '2026-01-31T12:00:00.000Z'],
    }),
    refill: nullable(
      openObject(
        {
          ...refillTerms,
          next_at: nullable(instant('The next refill'), {
            description: 'The day of the next refill; null while the account is closed',
            examples: ['2026-02-01T00:00:00.000Z', null],
          }),
        },
        { title: 'AccountRefill', description: 'What an account gets each month, and when next' },
      ),
      {
        description: 'What it gets each month; null: nothing',
        examples: [{ amount: 10, day: 1, mode: 'add', next_at: '2026-02-01T00:00:00.000Z' }, null],
      },
    ),
  },
  { title: 'Account', description: 'Keys, jobs and credits belong to an account' },
);

export const accountClosedSchema = openObject(
  {
    account: accountSchema,
    revoked_keys: count({ description: 'Keys that were revoked', examples: [2] }),
    cancelled_jobs: count({ description: 'Queued jobs that were cancelled and refunded', examples: [0] }),
  },
  { title: 'AccountClosed', description: 'The reply of POST /api/admin/accounts/ID/close' },
);

export type AccountClosed = Static<typeof accountClosedSchema>;

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
export type AccountPatch = Static<typeof accountPatchSchema>;
export type Account = Static<typeof accountSchema>;
export type AccountParams = Static<typeof accountParamsSchema>;
export type AccountListQuery = Static<typeof accountListQuerySchema>;
export type AccountPage = Static<typeof accountPageSchema>;

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
  allow_negative: Type.Optional(
    Type.Boolean({
      description: 'Whether a negative amount may leave less than nothing available',
      default: false,
      examples: [false],
    }),
  ),
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
    remaining: credits({ description: 'What is available now: the balance minus what is held', examples: [22.5] }),
  },
  { title: 'Grant', description: 'Credits that were given' },
);

const refundReason = textOf({ min: 1, max: 500 }, { description: 'Why; in the ledger', examples: ['blurred'] });

export const refundCreateSchema = closedObject(
  {
    reason: refundReason,
    amount: Type.Optional(
      creditsIn(
        { min: 0.000001, max },
        { description: 'In credits; at most what the job was charged. Default: all of it', examples: [0.0037] },
      ),
    ),
  },
  { title: 'RefundCreate', description: 'The body of POST /api/admin/jobs/ID/refund' },
);

export const refundSchema = openObject(
  {
    id: Type.String({ description: "The ledger entry's id", examples: ['1024'] }),
    job_id: uuid('The job'),
    account_id: uuid('Who got the credits back'),
    amount: credits({ description: 'In credits', examples: [0.0037] }),
    reason: refundReason,
    created_at: instant('When they were given back'),
    remaining: credits({ description: 'What is available now: the balance minus what is held', examples: [12.5] }),
  },
  { title: 'Refund', description: 'What a job was charged and its account got back' },
);

export type RefundCreate = Static<typeof refundCreateSchema>;
export type Refund = Static<typeof refundSchema>;
export type GrantCreate = Static<typeof grantCreateSchema>;
export type AccountGrantCreate = Static<typeof accountGrantCreateSchema>;
export type Grant = Static<typeof grantSchema>;
