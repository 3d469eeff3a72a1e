import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { beforeAll, expect, test } from 'vitest';
import { placeHold } from '../../src/credits/holds.ts';
import { newId } from '../../src/ids.ts';
import type { Account } from '../../src/keys/accounts.ts';
import { anyModel, customerServices, newCustomer } from '../support/customers.ts';
import { useDatabase } from '../support/database.ts';

const opened = useDatabase();
let accountId = '';

const services = () => customerServices(opened().database);
const terms = () => ({ ...anyModel, accountId, name: 'website', scopes: ['generate', 'read'] as const });
const unauthorized = (message: RegExp) => ({ code: 'unauthorized', message: expect.stringMatching(message) });

beforeAll(async () => {
  accountId = (await newCustomer(opened().database)).accountId;
});

/** Every value of every table, as text. */
async function everythingStored(): Promise<string> {
  const { kysely } = opened().database;
  const tables = await sql<{ name: string }>`
    select format('%I.%I', table_schema, table_name) as name from information_schema.tables
    where table_schema not in ('pg_catalog', 'information_schema')`.execute(kysely);
  const texts = tables.rows.map(async ({ name }) => {
    const { rows } = await sql<{ row: string }>`select stored::text as row from ${sql.raw(name)} stored`.execute(
      kysely,
    );
    return rows.map(({ row }) => row);
  });
  return (await Promise.all(texts)).flat().join('\n');
}

test('a key is SG_ and 16 lower-case hexadecimal digits, and lets its holder in with what was agreed', async () => {
  const agreed = {
    ...terms(),
    scopes: ['read'] as const,
    models: ['a-model'],
    monthlyBudget: 5_000_000n,
    requestsPerMinute: 7,
  };
  const { text, record } = await services().keyService.create(agreed);
  expect(text).toMatch(/^SG_[0-9a-f]{16}$/);
  expect(await services().keyService.authenticate(text)).toEqual({
    accountId,
    keyId: record.id,
    keyName: 'website',
    scopes: ['read'],
    models: ['a-model'],
    monthlyBudget: 5_000_000n,
    requestsPerMinute: 7,
  });
});

test('no key is anywhere in the database, in no spelling', async () => {
  const { text, record } = await services().keyService.create(terms());
  await services().keyService.authenticate(text);
  const stored = await everythingStored();
  expect(stored).toContain(record.hint);
  for (const bytes of [Buffer.from(text), Buffer.from(text.slice(3)), Buffer.from(text.slice(3), 'hex')]) {
    for (const spelling of ['utf8', 'hex', 'base64', 'latin1'] as const) {
      expect(stored.toLowerCase()).not.toContain(bytes.toString(spelling).toLowerCase());
    }
  }
});

test('lists tell a key by its last four characters only', async () => {
  const { text, record } = await services().keyService.create(terms());
  const listed = (await services().keyService.list(accountId)).find(({ id }) => id === record.id);
  expect(listed?.hint).toBe(text.slice(-4));
  const asText = JSON.stringify(listed, (_name, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
  expect(asText).not.toContain(text.slice(3, -4));
});

test('a key is worth nothing under another server secret', async () => {
  const { text } = await services().keyService.create(terms());
  const elsewhere = customerServices(opened().database, { secret: 'another secret, which is as long as the first' });
  await expect(elsewhere.keyService.authenticate(text)).rejects.toMatchObject(unauthorized(/unknown API key/));
});

test.each(['', 'SG_', 'SG_0000000000000000', 'SG_000000000000000', 'sg_0123456789abcdef', "SG_' or true --", '\0'])(
  'what is no key of ours is refused: %j',
  async (text) => {
    await expect(services().keyService.authenticate(text)).rejects.toMatchObject(unauthorized(/unknown API key/));
  },
);

test('the text of a refused key is not repeated in the refusal', async () => {
  const { keyService } = services();
  const { text, record } = await keyService.create(terms());
  await keyService.revoke(record.id);
  await expect(keyService.authenticate(text)).rejects.not.toThrow(text.slice(3, -4));
});

test('a revoked key is refused from then on, and stays revoked since the first time', async () => {
  const { keyService, clock } = services();
  const { text, record } = await keyService.create(terms());
  const { revokedAt } = await keyService.revoke(record.id);
  expect(revokedAt).toEqual(clock.now());
  clock.set('2030-01-01T00:00:00Z');
  expect((await keyService.revoke(record.id)).revokedAt).toEqual(revokedAt);
  await expect(keyService.authenticate(text)).rejects.toMatchObject(unauthorized(/was revoked/));
});

test('a key is good until the moment it expires, and can be given more time', async () => {
  const { keyService, clock } = services();
  const expiresAt = new Date('2026-04-01T00:00:00Z');
  const { text, record } = await keyService.create({ ...terms(), expiresAt });
  clock.set('2026-03-31T23:59:59.999Z');
  await expect(keyService.authenticate(text)).resolves.toMatchObject({ keyId: record.id });
  clock.set('2026-04-01T00:00:00Z');
  await expect(keyService.authenticate(text)).rejects.toMatchObject(unauthorized(/expired at 2026-04-01/));
  await keyService.change(record.id, { expiresAt: null });
  await expect(keyService.authenticate(text)).resolves.toMatchObject({ keyId: record.id });
});

test('the last use of a key is known to the minute', async () => {
  const { keyService, clock } = services();
  const { text, record } = await keyService.create(terms());
  const lastUse = async () => (await keyService.list(accountId)).find(({ id }) => id === record.id)?.lastUsedAt;
  expect(await lastUse()).toBeNull();
  const first = clock.now();
  await keyService.authenticate(text);
  expect(await lastUse()).toEqual(first);
  clock.set(new Date(first.getTime() + 59_999).toISOString());
  await keyService.authenticate(text);
  expect(await lastUse()).toEqual(first);
  clock.set(new Date(first.getTime() + 60_000).toISOString());
  await keyService.authenticate(text);
  expect(await lastUse()).toEqual(clock.now());
});

test('a list shows what each key has spent or reserved this month, newest key first', async () => {
  const { database } = opened();
  const { keyService, clock } = services();
  const customer = await newCustomer(database, { available: 10_000n });
  clock.set('2026-03-15T00:00:00Z');
  const { record } = await keyService.create({ ...terms(), accountId: customer.accountId });
  const hold = { ...customer, jobId: newId(), model: 'a-model', samples: 1, amount: 3_000n, month: '2026-03' };
  await database.transaction((queries) => placeHold(queries, hold));
  const listed = await keyService.list(customer.accountId);
  expect(listed.map(({ id, usedThisMonth }) => [id, usedThisMonth])).toEqual([
    [record.id, 0n],
    [customer.keyId, 3_000n],
  ]);
});

test('keys of unknown accounts, and unknown keys, are not found', async () => {
  const { keyService } = services();
  await expect(keyService.create({ ...terms(), accountId: newId() })).rejects.toMatchObject({ code: 'not_found' });
  await expect(keyService.revoke(newId())).rejects.toMatchObject({ code: 'not_found' });
  await expect(keyService.change(newId(), { expiresAt: null })).rejects.toMatchObject({ code: 'not_found' });
});

test('two accounts cannot have the same name', async () => {
  const { accountService } = services();
  const account = await accountService.create({ name: 'Design team', maxConcurrent: 2, maxQueued: null });
  expect(await accountService.get(account.id)).toEqual(account);
  await expect(
    accountService.create({ name: 'Design team', maxConcurrent: null, maxQueued: null }),
  ).rejects.toMatchObject({
    code: 'conflict',
    param: 'name',
  });
});

test('accounts are listed newest first, page by page', async () => {
  const { accountService } = services();
  const made: Account[] = [];
  for (const name of ['one', 'two', 'three']) {
    made.unshift(await accountService.create({ name, maxConcurrent: null, maxQueued: null }));
    await sleep(2); // ids sort by the millisecond
  }
  const first = await accountService.list({ before: null, limit: 2 });
  const second = await accountService.list({ before: first.at(-1)?.id ?? null, limit: 1 });
  expect([...first, ...second]).toEqual(made);
});
