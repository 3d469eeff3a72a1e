import { expect, test } from 'vitest';
import { explainInvalid } from '../../explain/explain-invalid.ts';
import { accountCreateSchema, grantCreateSchema } from './account.ts';
import { keyCreateSchema } from './key.ts';

const account_id = '01980c5e-7d3a-7c61-9a52-3f0b6f1c2d4e';

test('an account needs a name', () => {
  expect(explainInvalid(accountCreateSchema, { name: 'Design' })).toBeUndefined();
  expect(explainInvalid(accountCreateSchema, {})?.param).toBe('name');
});

test.each([
  ['scopes', [['generate'], ['read', 'admin']], [[], ['write'], ['read', 'read'], 'read']],
  ['expires_at', [null, '2027-01-31T00:00:00Z'], ['2027-01-31', 'tomorrow', 5]],
  ['monthly_budget', [null, 0, 5, 0.000001, 999_999_999], [-1, 1e9, 0.0000001, '5']],
  ['rate_limit', [null, 1, 100_000], [0, 100_001, 1.5]],
])('%s of a key: %j are accepted, %j are refused by name', (field, good, bad) => {
  const body = { account_id, name: 'website' };
  for (const value of good) expect(explainInvalid(keyCreateSchema, { ...body, [field]: value })).toBeUndefined();
  for (const value of bad) expect(explainInvalid(keyCreateSchema, { ...body, [field]: value })?.param).toMatch(field);
});

test('a budget below a micro-credit is refused with the reason', () => {
  const fault = explainInvalid(keyCreateSchema, { account_id, name: 'a', monthly_budget: 1.2345678 });
  expect(fault?.message).toBe(
    'monthly_budget must be an amount of credits with at most six decimal places (got 1.2345678)',
  );
});

test('a grant gives credits or takes some back, and says why', () => {
  expect(explainInvalid(grantCreateSchema, { account_id, amount: 0.000001 })).toBeUndefined();
  expect(explainInvalid(grantCreateSchema, { account_id, amount: 12.5, note: 'January' })).toBeUndefined();
  expect(explainInvalid(grantCreateSchema, { account_id, amount: -1, reason: 'typed twice' })).toBeUndefined();
  for (const amount of [0, -1e9, 1e9, -0.0000001, 0.0000015, '5', null])
    expect(explainInvalid(grantCreateSchema, { account_id, amount })?.param).toBe('amount');
});
