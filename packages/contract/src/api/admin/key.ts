import { type Static, Type } from 'typebox';
import { keyScopes, limits } from '../../limits.ts';
import { credits, creditsIn, instant, uuid } from '../../schema/common-fields.ts';
import { choice, closedObject, integerIn, matching, nullable, openObject, textOf } from '../../schema/define.ts';

const name = textOf({ min: 1, max: 100 }, { description: 'For people', examples: ['website'] });
const scope = choice(keyScopes, {
  description: 'generate: make pictures; read: see the own jobs, pictures and credits; admin: everything',
  examples: ['generate'],
});
const rateLimit = integerIn(limits.requestsPerMinute, {
  description: 'Requests that create work, in a minute',
  examples: [60],
});

const scopes = Type.Array(scope, {
  minItems: 1,
  uniqueItems: true,
  description: 'What it may do',
  default: ['generate', 'read'],
  examples: [['generate', 'read']],
});
const models = nullable(
  Type.Array(matching('slug', { description: 'The slug of a model', examples: ['playground-v2.5'] }), {
    minItems: 1,
    maxItems: 100,
    uniqueItems: true,
  }),
  {
    description: 'The only models it may use; null: all',
    default: null,
    examples: [['playground-v2.5'], null],
  },
);
const expiresAt = nullable(instant('When it ends'), {
  description: 'From when on it is refused; null: never',
  default: null,
  examples: ['2027-01-31T00:00:00Z', null],
});
const monthlyBudget = nullable(creditsIn(limits.credits, { description: 'In credits', examples: [5] }), {
  description: 'What it may spend in a calendar month of UTC; null: all the account has',
  default: null,
  examples: [5, null],
});
const ownRateLimit = nullable(rateLimit, {
  description: "Requests that create work, in a minute; null: the server's own limit",
  default: null,
  examples: [60, null],
});

/** The settings of a key that an administrator can change. */
const terms = {
  scopes: Type.Optional(scopes),
  models: Type.Optional(models),
  expires_at: Type.Optional(expiresAt),
  monthly_budget: Type.Optional(monthlyBudget),
  rate_limit: Type.Optional(ownRateLimit),
};

export const keyCreateSchema = closedObject(
  { account_id: uuid('Whose key it is'), name, ...terms },
  { title: 'KeyCreate', description: 'The body of POST /api/admin/keys' },
);

/** PATCH /api/admin/keys/:id changes what is given and answers with the key; a revoked key stays revoked. */
export const keyPatchSchema = Type.Object(
  { name: Type.Optional(name), ...terms },
  {
    title: 'KeyPatch',
    description: 'The body of PATCH /api/admin/keys/:id; what is absent stays',
    additionalProperties: false,
    minProperties: 1,
  },
);

const nullableInstant = (description: string) =>
  nullable(instant(description), { description, examples: ['2026-01-31T12:00:00.000Z', null] });

const record = {
  id: uuid("The key's id"),
  account_id: uuid('Whose key it is'),
  name,
  hint: Type.String({ description: 'Its last four characters, to recognise it by', examples: ['5a60'] }),
  scopes: Type.Array(scope, { description: 'What it may do', examples: [['generate', 'read']] }),
  models: nullable(Type.Array(Type.String()), {
    description: 'The only models it may use; null: all',
    examples: [['playground-v2.5'], null],
  }),
  created_at: instant('When it was made'),
  expires_at: nullableInstant('From when on it is refused; null: never'),
  revoked_at: nullableInstant('When it was revoked; null: it was not'),
  last_used_at: nullableInstant('When it was last used; null: never'),
  monthly_budget: nullable(credits({ description: 'In credits', examples: [5] }), {
    description: 'What it may spend in a calendar month of UTC; null: all the account has',
    examples: [5, null],
  }),
  spent_this_month: credits({ description: 'What it has spent or reserved of it', examples: [1.25] }),
  rate_limit: nullable(rateLimit, {
    description: "Requests that create work, in a minute; null: the server's own limit",
    examples: [60, null],
  }),
};

export const keySchema = openObject(record, { title: 'Key', description: 'A key; the server keeps only its hash' });

export const keyCreatedSchema = openObject(
  {
    key: matching('key', { description: 'The key itself; it is shown this once', examples: ['SG_3f0b6f1c2d4e5a60'] }),
    ...record,
  },
  { title: 'KeyCreated', description: 'The reply of POST /api/admin/keys' },
);

export const keyListQuerySchema = closedObject(
  { account_id: Type.Optional(uuid('Of this account only')) },
  { title: 'KeyListQuery', description: 'Whose keys' },
);

export const keyListSchema = openObject(
  { keys: Type.Array(keySchema, { description: 'Newest first; revoked ones too' }) },
  { title: 'KeyList', description: 'The reply of GET /api/admin/keys' },
);

/** DELETE /api/admin/keys/:id revokes the key and answers with it. */
export const keyParamsSchema = closedObject(
  { id: uuid("The key's id") },
  { title: 'KeyParams', description: 'Which key' },
);

export type KeyCreate = Static<typeof keyCreateSchema>;
export type KeyPatch = Static<typeof keyPatchSchema>;
export type Key = Static<typeof keySchema>;
export type KeyCreated = Static<typeof keyCreatedSchema>;
export type KeyListQuery = Static<typeof keyListQuerySchema>;
export type KeyList = Static<typeof keyListSchema>;
export type KeyParams = Static<typeof keyParamsSchema>;
