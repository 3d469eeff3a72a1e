import { decimalToMicro } from '@easel/contract';
import { expect, test } from 'vitest';
import { chargeHold, type Hold, holdPrice, placeHold, releaseHold } from '../../src/credits/holds.ts';
import { newId } from '../../src/ids.ts';
import { customerServices, newCustomer } from '../support/customers.ts';
import { useDatabase } from '../support/database.ts';
import { expectSoundLedger } from './ledger-invariants.ts';

const opened = useDatabase();
const march = new Date('2026-03-31T23:59:59.999Z');

function holdOf(customer: { accountId: string; keyId: string }, amount: bigint, change: Partial<Hold> = {}): Hold {
  const { accountId, keyId } = customer;
  return { jobId: newId(), accountId, keyId, model: 'a-model', samples: 1, amount, month: '2026-03', ...change };
}

async function place(hold: Hold): Promise<string> {
  await opened().database.transaction((queries) => holdPrice(queries, hold));
  return hold.jobId;
}

const charge = (jobId: string, now = march) =>
  opened().database.transaction((queries) => chargeHold(queries, jobId, now));
const release = (jobId: string, now = march) =>
  opened().database.transaction((queries) => releaseHold(queries, jobId, now));
const credits = () => customerServices(opened().database).credits;
const ledgerOf = (accountId: string) => credits().ledger({ accountId, before: null, limit: 100 });

/** Everything that a hold could leave behind. */
async function traces({ accountId, keyId }: { accountId: string; keyId: string }) {
  const { kysely } = opened().database;
  const months = kysely.selectFrom('key_months').selectAll().where('key_id', '=', keyId);
  const holds = kysely.selectFrom('holds').selectAll().where('account_id', '=', accountId);
  return {
    balance: await credits().balance(accountId),
    ledger: await ledgerOf(accountId),
    holds: await holds.execute(),
    months: await months.execute(),
  };
}

test('a price is reserved first and spent when the job ends well', async () => {
  const customer = await newCustomer(opened().database, { available: 10_000n });
  const jobId = await place(holdOf(customer, 3_700n));
  expect(await credits().balance(customer.accountId)).toEqual({ available: 6_300n, held: 3_700n });
  expect(await charge(jobId)).toBe(true);
  expect(await credits().balance(customer.accountId)).toEqual({ available: 6_300n, held: 0n });
  await expectSoundLedger(opened().database);
});

test('a job that does not end well costs nothing', async () => {
  const customer = await newCustomer(opened().database, { available: 10_000n });
  expect(await release(await place(holdOf(customer, 3_700n)))).toBe(true);
  expect(await credits().balance(customer.accountId)).toEqual({ available: 10_000n, held: 0n });
  await expectSoundLedger(opened().database);
});

test.each([
  { was: 'charged', later: 'charge', first: charge, second: charge },
  { was: 'charged', later: 'release', first: charge, second: release },
  { was: 'released', later: 'charge', first: release, second: charge },
  { was: 'released', later: 'release', first: release, second: release },
])('a hold that was $was stays so: a later $later changes nothing', async ({ first, second }) => {
  const customer = await newCustomer(opened().database, { available: 10_000n });
  const jobId = await place(holdOf(customer, 3_700n));
  await first(jobId);
  const before = await traces(customer);
  expect(await second(jobId)).toBe(false);
  expect(await traces(customer)).toEqual(before);
});

test('ending a job that nothing was held for is an error, not a silent success', async () => {
  await expect(charge(newId())).rejects.toThrow(expect.objectContaining({ code: 'server_error' }));
});

test('too few credits: refused with balance and price, and no trace is left', async () => {
  const customer = await newCustomer(opened().database, { available: decimalToMicro('0.001') });
  const before = await traces(customer);
  const refused = place(holdOf(customer, decimalToMicro('0.0037')));
  await expect(refused).rejects.toMatchObject({
    code: 'insufficient_credits',
    message: expect.stringMatching(/credits.*0\.0037.*0\.001 /),
  });
  expect(await traces(customer)).toEqual(before);
});

test('a refusal leaves no trace even when its transaction goes on and is committed', async () => {
  const customer = await newCustomer(opened().database, { available: 1n, terms: { monthlyBudget: 0n } });
  const before = await traces(customer);
  const kinds = await opened().database.transaction(async (queries) => [
    (await placeHold(queries, holdOf(customer, 2n)))?.kind,
    (await placeHold(queries, holdOf(customer, 1n)))?.kind,
  ]);
  expect(kinds).toEqual(['insufficient', 'over-budget']);
  expect(await traces(customer)).toEqual(before);
});

test('the last micro-credit can be spent', async () => {
  const customer = await newCustomer(opened().database, { available: 3_700n });
  await charge(await place(holdOf(customer, 3_700n)));
  expect(await credits().balance(customer.accountId)).toEqual({ available: 0n, held: 0n });
});

test('work that is free is held and charged without a line in the ledger', async () => {
  const customer = await newCustomer(opened().database);
  expect(await charge(await place(holdOf(customer, 0n)))).toBe(true);
  expect(await ledgerOf(customer.accountId)).toEqual([]);
  await expectSoundLedger(opened().database);
});

test('a budget bounds what a key spends and reserves in a month, though the account has more', async () => {
  const customer = await newCustomer(opened().database, { available: 100_000n, terms: { monthlyBudget: 10_000n } });
  await charge(await place(holdOf(customer, 4_000n)));
  await place(holdOf(customer, 4_000n));
  await expect(place(holdOf(customer, 2_001n))).rejects.toMatchObject({
    code: 'insufficient_credits',
    message: expect.stringMatching(/credits.*budget.*0\.002001.*0\.01 .*0\.092/),
  });
  await place(holdOf(customer, 2_000n));
  await expectSoundLedger(opened().database);
});

test('what is given back may be spent again in the same month, and a new month has its whole budget', async () => {
  const customer = await newCustomer(opened().database, { available: 100_000n, terms: { monthlyBudget: 10_000n } });
  await release(await place(holdOf(customer, 10_000n)));
  await place(holdOf(customer, 10_000n));
  await expect(place(holdOf(customer, 1n))).rejects.toMatchObject({ code: 'insufficient_credits' });
  await place(holdOf(customer, 10_000n, { month: '2026-04' }));
  await expectSoundLedger(opened().database);
});

test('a charge counts against the month in which it was reserved', async () => {
  const customer = await newCustomer(opened().database, { available: 10_000n, terms: { monthlyBudget: 10_000n } });
  const jobId = await place(holdOf(customer, 10_000n, { month: '2026-03' }));
  await charge(jobId, new Date('2026-04-01T00:00:01Z'));
  const { months } = await traces(customer);
  expect(months).toEqual([{ key_id: customer.keyId, month: '2026-03', spent: 10_000n, held: 0n }]);
});

test('a second hold for the same job fails', async () => {
  const customer = await newCustomer(opened().database, { available: 10_000n });
  const jobId = await place(holdOf(customer, 1_000n));
  await expect(place(holdOf(customer, 1_000n, { jobId }))).rejects.toThrow(/duplicate key/);
  expect(await credits().balance(customer.accountId)).toEqual({ available: 9_000n, held: 1_000n });
});

test('of many holds at the same time exactly those succeed that the balance has room for', async () => {
  const customer = await newCustomer(opened().database, { available: 10_000n });
  const placed = await Promise.allSettled(Array.from({ length: 25 }, () => place(holdOf(customer, 1_000n))));
  expect(placed.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
  expect(await credits().balance(customer.accountId)).toEqual({ available: 0n, held: 10_000n });
  await expectSoundLedger(opened().database);
});

test('of a charge and a release at the same time one ends the hold', async () => {
  const customer = await newCustomer(opened().database, { available: 10_000n });
  const jobId = await place(holdOf(customer, 1_000n));
  const ended = await Promise.all([charge(jobId), release(jobId), charge(jobId), release(jobId)]);
  expect(ended.filter(Boolean)).toHaveLength(1);
  await expectSoundLedger(opened().database);
});

test('the ledger is read newest first, slice by slice, with what remained after each line', async () => {
  const customer = await newCustomer(opened().database, { available: 10_000n });
  await charge(await place(holdOf(customer, 3_000n)));
  await release(await place(holdOf(customer, 2_000n)));
  const lines = (await ledgerOf(customer.accountId)).map(({ kind, amount, remaining }) => [kind, amount, remaining]);
  expect(lines).toEqual([
    ['release', 2_000n, 7_000n],
    ['hold', -2_000n, 5_000n],
    ['charge', 0n, 7_000n],
    ['hold', -3_000n, 7_000n],
    ['grant', 10_000n, 10_000n],
  ]);
  const { accountId } = customer;
  const first = await credits().ledger({ accountId, before: null, limit: 3 });
  const rest = await credits().ledger({ accountId, before: first.at(-1)?.id ?? 0n, limit: 3 });
  expect([...first, ...rest]).toEqual(await ledgerOf(accountId));
});

test('usage adds up what was charged by day, key and model, and leaves out what was not', async () => {
  const customer = await newCustomer(opened().database, { available: 100_000n });
  await charge(await place(holdOf(customer, 1_000n)), new Date('2026-03-01T00:00:00Z'));
  await charge(await place(holdOf(customer, 2_000n, { samples: 3 })), new Date('2026-03-01T23:59:59.999Z'));
  await charge(await place(holdOf(customer, 4_000n, { model: 'other' })), new Date('2026-03-02T00:00:00Z'));
  await charge(await place(holdOf(customer, 8_000n)), new Date('2026-04-01T00:00:00Z'));
  await release(await place(holdOf(customer, 16_000n)), new Date('2026-03-02T00:00:00Z'));
  await place(holdOf(customer, 32_000n));
  const period = {
    accountId: customer.accountId,
    from: new Date('2026-03-01T00:00:00Z'),
    to: new Date('2026-04-01T00:00:00Z'),
  };
  const rest = { name: null, refunded: 0n };
  expect(await credits().usage({ ...period, group: 'day' })).toEqual([
    { ...rest, group: '2026-03-01', jobs: 2, samples: 4, spent: 3_000n },
    { ...rest, group: '2026-03-02', jobs: 1, samples: 1, spent: 4_000n },
  ]);
  expect(await credits().usage({ ...period, group: 'model' })).toEqual([
    { ...rest, group: 'other', jobs: 1, samples: 1, spent: 4_000n },
    { ...rest, group: 'a-model', jobs: 2, samples: 4, spent: 3_000n },
  ]);
  expect(await credits().usage({ ...period, group: 'key' })).toEqual([
    { ...rest, group: customer.keyId, name: 'key', jobs: 3, samples: 5, spent: 7_000n },
  ]);
});

test.each([0n, -1n])('a grant of %s micro-credits is refused', async (amount) => {
  const { accountId } = await newCustomer(opened().database);
  await expect(credits().grant({ accountId, amount, note: null, idempotencyKey: null })).rejects.toMatchObject({
    code: 'invalid_request',
  });
});

test('credits for an account that does not exist are refused', async () => {
  const nobody = { accountId: newId(), amount: 1n, note: null, idempotencyKey: null };
  await expect(credits().grant(nobody)).rejects.toMatchObject({ code: 'not_found' });
  await expect(credits().balance(nobody.accountId)).rejects.toMatchObject({ code: 'not_found' });
});

test('a grant can be taken back with a reason, never below zero, and once under its key', async () => {
  const { accountId } = await newCustomer(opened().database, { available: 10_000n });
  const grant = (amount: bigint, note: string | null, idempotencyKey: string | null = null) =>
    credits().grant({ accountId, amount, note, idempotencyKey });
  const back = await grant(-4_000n, 'typed twice', 'correction 1');
  expect(back).toMatchObject({ kind: 'grant', amount: -4_000n, remaining: 6_000n, note: 'typed twice' });
  expect(await grant(-4_000n, 'typed twice', 'correction 1')).toEqual(back);
  await expect(grant(-3_000n, 'typed twice', 'correction 1')).rejects.toMatchObject({ code: 'idempotency_mismatch' });
  for (const note of [null, ' ']) {
    await expect(grant(-1n, note)).rejects.toMatchObject({ code: 'invalid_request', param: 'reason' });
  }
  await expect(grant(0n, 'nothing')).rejects.toMatchObject({ code: 'invalid_request', param: 'amount' });
  await expect(grant(-6_001n, 'too much')).rejects.toMatchObject({
    code: 'insufficient_credits',
    message: expect.stringContaining('0.006 credits are available'),
  });
  expect(await credits().balance(accountId)).toEqual({ available: 6_000n, held: 0n });
  const several = Array.from({ length: 8 }, () => grant(-1_000n, 'all at once').catch(() => null));
  expect((await Promise.all(several)).filter((record) => record !== null)).toHaveLength(6);
  expect(await credits().balance(accountId)).toEqual({ available: 0n, held: 0n });
  await expectSoundLedger(opened().database);
});

test('the rows of the ledger add up: amounts to what can be spent, charges to what was used', async () => {
  const customer = await newCustomer(opened().database, { available: 10_000n });
  await charge(await place(holdOf(customer, 3_000n)));
  await release(await place(holdOf(customer, 2_000n)));
  await charge(await place(holdOf(customer, 500n)));
  await credits().grant({ accountId: customer.accountId, amount: -1_500n, note: 'a correction', idempotencyKey: null });
  const rows = (await ledgerOf(customer.accountId)).toReversed();
  expect(rows.map(({ kind, amount, charged }) => [kind, amount, charged])).toEqual([
    ['grant', 10_000n, 0n],
    ['hold', -3_000n, 0n],
    ['charge', 0n, 3_000n],
    ['hold', -2_000n, 0n],
    ['release', 2_000n, 0n],
    ['hold', -500n, 0n],
    ['charge', 0n, 500n],
    ['grant', -1_500n, 0n],
  ]);
  let sum = 0n;
  for (const { amount, remaining } of rows) {
    sum += amount;
    expect(remaining).toBe(sum);
  }
  const used = await credits().usage({
    accountId: customer.accountId,
    from: new Date('2026-03-01T00:00:00Z'),
    to: new Date('2026-04-01T00:00:00Z'),
    group: 'model',
  });
  expect(used.map(({ spent }) => spent)).toEqual([rows.reduce((total, { charged }) => total + charged, 0n)]);
});
