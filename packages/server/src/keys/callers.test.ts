import { expect, test } from 'vitest';
import { type Caller, hasScope, requireModel, requireScope } from './callers.ts';

const caller: Caller = {
  accountId: 'account',
  keyId: 'key',
  keyName: 'website',
  scopes: ['read'],
  models: ['a-model'],
  requestsPerMinute: null,
  monthlyBudget: null,
};

test('a key may do what its scopes say; an admin key may do everything', () => {
  expect(hasScope(caller, 'read')).toBe(true);
  expect(hasScope(caller, 'generate')).toBe(false);
  expect(hasScope({ ...caller, scopes: ['admin'] }, 'generate')).toBe(true);
});

test('a refusal names the scope that is missing and those that the key has', () => {
  expect(() => requireScope(caller, 'read')).not.toThrow();
  expect(() => requireScope(caller, 'admin')).toThrow(
    expect.objectContaining({ code: 'forbidden', message: expect.stringMatching(/"admin".*has: read/) }),
  );
});

test('a key bound to models may use no other', () => {
  expect(() => requireModel(caller, 'a-model')).not.toThrow();
  expect(() => requireModel({ ...caller, models: null }, 'other')).not.toThrow();
  expect(() => requireModel(caller, 'other')).toThrow(
    expect.objectContaining({ code: 'forbidden', message: expect.stringMatching(/other; it may use: a-model/) }),
  );
  expect(() => requireModel({ ...caller, models: [] }, 'other')).toThrow(/it may use: none/);
});
