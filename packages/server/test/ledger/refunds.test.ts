import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { chargeHold, holdPrice, releaseHold } from '../../src/credits/holds.ts';
import type { Refund } from '../../src/credits/refunds.ts';
import { newId } from '../../src/ids.ts';
import { customerServices, newCustomer } from '../support/customers.ts';
import { useDatabase } from '../support/database.ts';
import { expectSoundLedger } from './ledger-invariants.ts';

const opened = useDatabase();
const charged = new Date('2026-03-12T10:00:00Z');
const credits = () => customerServices(opened().database).credits;

type Customer = Awaited<ReturnType<typeof newCustomer>>;

/** A job that is queued, or has ended. */
async function job({ accountId, keyId }: Customer, amount: bigint, end: 'charge' | 'release' | null = 'charge') {
  const jobId = newId();
  const hold = { jobId, accountId, keyId, model: 'a-model', samples: 2, amount, month: '2026-03' };
  await opened().database.transaction(async (queries) => {
    await holdPrice(queries, hold);
    if (end === 'charge') await chargeHold(queries, jobId, charged);
    if (end === 'release') await releaseHold(queries, jobId, charged);
  });
  return jobId;
}

function refundOf(jobId: string, refundedBy: string, change: Partial<Refund> = {}): Refund {
  return { jobId, amount: null, reason: 'blurred', refundedBy, idempotencyKey: null, ...change };
}

test('what a job was charged is given back, to the balance, the budget of its key and the usage of today', async () => {
  const customer = await newCustomer(opened().database, { available: 10_000n, terms: { monthlyBudget: 4_000n } });
  const jobId = await job(customer, 3_700n);
  const record = await credits().refund(refundOf(jobId, customer.keyId));
  expect(record).toMatchObject({
    kind: 'refund',
    amount: 3_700n,
    charged: -3_700n,
    remaining: 10_000n,
    note: 'blurred',
  });
  expect(await credits().balance(customer.accountId)).toEqual({ available: 10_000n, held: 0n });
  await job(customer, 4_000n, null); // the whole budget of the month
  const usage = await credits().usage({
    accountId: customer.accountId,
    from: new Date('2026-03-01T00:00:00Z'),
    to: new Date('2026-04-01T00:00:00Z'),
    group: 'day',
  });
  expect(usage).toEqual([
    { group: '2026-03-12', name: null, jobs: 1, samples: 2, spent: 3_700n, refunded: 0n },
    { group: '2026-03-14', name: null, jobs: 0, samples: 0, spent: -3_700n, refunded: 3_700n },
  ]);
  const [newest] = await credits().ledger({ accountId: customer.accountId, before: record.id + 1n, limit: 1 });
  expect(newest).toEqual(record);
  await expectSoundLedger(opened().database);
});

test('a job is refunded once, by however many at the same time', async () => {
  const customer = await newCustomer(opened().database, { available: 10_000n });
  const jobId = await job(customer, 3_700n);
  const attempts = await Promise.allSettled(
    [1, 2, 3, 4].map(() => credits().refund(refundOf(jobId, customer.keyId, { amount: 700n }))),
  );
  expect(attempts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  await expect(credits().refund(refundOf(jobId, customer.keyId))).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringMatching(/0\.0007 credits of job .* were refunded already, at 2026-03-14T.*: blurred/),
  });
  expect(await credits().balance(customer.accountId)).toEqual({ available: 7_000n, held: 0n });
  await expectSoundLedger(opened().database);
});

test('never more than was charged is given back, and nothing where nothing was', async () => {
  const customer = await newCustomer(opened().database, { available: 10_000n });
  const refused = async (jobId: string, code: string, words: RegExp, amount: bigint | null = null) =>
    await expect(credits().refund(refundOf(jobId, customer.keyId, { amount })), words.source).rejects.toMatchObject({
      code,
      message: expect.stringMatching(words),
    });
  const done = await job(customer, 3_700n);
  await refused(done, 'invalid_request', /at most 0\.0037, .* \(got 0\.003701\)/, 3_701n);
  await refused(await job(customer, 100n, null), 'conflict', /was not charged/);
  await refused(await job(customer, 100n, 'release'), 'conflict', /was not charged/);
  await refused(await job(customer, 0n), 'conflict', /was free/);
  await refused(newId(), 'not_found', /there never was a job/);
  const { kysely } = opened().database;
  const row = { account_id: customer.accountId, reason: 'more', refunded_by: customer.keyId, refunded_at: charged };
  const direct = kysely.insertInto('refunds').values({ ...row, job_id: done, amount: 3_701n });
  await expect(direct.execute()).rejects.toThrow(/was not charged 3701/);
  await credits().refund(refundOf(done, customer.keyId));
  await expect(sql`update easel.refunds set amount = 1`.execute(kysely)).rejects.toThrow('keeps what was written');
  await expectSoundLedger(opened().database);
});

test('under its key a refund is asked for again without a second one; another one under it is refused', async () => {
  const customer = await newCustomer(opened().database, { available: 10_000n });
  const [first, second] = [await job(customer, 3_000n), await job(customer, 2_000n)];
  const refund = refundOf(first, customer.keyId, { idempotencyKey: 'ticket 7' });
  const record = await credits().refund(refund);
  expect(await credits().refund(refund)).toEqual(record);
  for (const other of [
    { ...refund, amount: 1n },
    { ...refund, jobId: second },
  ]) {
    await expect(credits().refund(other)).rejects.toMatchObject({ code: 'idempotency_mismatch' });
  }
  expect(await credits().balance(customer.accountId)).toEqual({ available: 8_000n, held: 0n });
});

test('a correction goes below zero only when that is allowed; until the account has more, nothing can be spent', async () => {
  const customer = await newCustomer(opened().database, { available: 10_000n });
  const { accountId } = customer;
  const correction = { accountId, amount: -15_000n, note: 'paid back', idempotencyKey: null };
  await expect(credits().grant(correction)).rejects.toMatchObject({ code: 'insufficient_credits' });
  expect(await credits().grant({ ...correction, allowNegative: true })).toMatchObject({ remaining: -5_000n });
  expect(await credits().balance(accountId)).toEqual({ available: -5_000n, held: 0n });
  await expect(job(customer, 1n)).rejects.toMatchObject({ code: 'insufficient_credits' });
  await expect(credits().grant({ ...correction, amount: -1n })).rejects.toMatchObject({ code: 'insufficient_credits' });
  expect(await credits().grant({ ...correction, amount: 6_000n })).toMatchObject({ remaining: 1_000n });
  await job(customer, 1_000n);
  const { kysely } = opened().database;
  const below = sql`update easel.balances set available = -5001 where account_id = ${accountId}`;
  await expect(below.execute(kysely)).rejects.toThrow(/balances_available_check/);
  await expectSoundLedger(opened().database);
});
