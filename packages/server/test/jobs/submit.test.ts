import { afterAll, beforeAll, expect, test } from 'vitest';
import { databaseLost } from '../../src/database/away.ts';
import type { Database } from '../../src/database/database.ts';
import { newId } from '../../src/ids.ts';
import { saveSpeed } from '../../src/jobs/speed.ts';
import { JobSubmitter } from '../../src/jobs/submit-job.ts';
import { expectSoundLedger } from '../ledger/ledger-invariants.ts';
import { customerServices, newCustomer } from '../support/customers.ts';
import { useDatabase } from '../support/database.ts';
import { aSubmission } from '../support/job-requests.ts';
import { type JobServices, startJobServices } from '../support/job-services.ts';
import { queueEntries } from '../support/queue-entries.ts';
import { useTemporaryFolder } from '../support/temporary-folder.ts';

const opened = useDatabase();
const folder = useTemporaryFolder();
let services: JobServices;

beforeAll(async () => {
  services = await startJobServices({ ...opened(), folder: folder() });
});

afterAll(() => services.stop());

const balanceOf = (accountId: string) => customerServices(opened().database).credits.balance(accountId);
const key = (name: string, body = 'a body') => ({ key: name, bodyHash: Buffer.from(body.padEnd(32, '.')) });

/** 2 steps at 128×128 with the usual tariff: 2 × 1/64 × 0.000148 credits, rounded up to a micro-credit. */
const price = 5n;

async function traces(accountId: string) {
  const { kysely } = opened().database;
  const jobs = await kysely.selectFrom('jobs').select('id').where('account_id', '=', accountId).execute();
  const entries = await kysely
    .selectFrom('ledger_transactions')
    .select('id')
    .where('account_id', '=', accountId)
    .execute();
  const holds = await kysely.selectFrom('holds').select('job_id').where('account_id', '=', accountId).execute();
  const keys = await kysely.selectFrom('idempotency').select('key').where('account_id', '=', accountId).execute();
  const queued = await queueEntries(opened().database, 'demo');
  return { jobs: jobs.length, entries: entries.length, holds: holds.length, keys: keys.length, queued };
}

test('a job is queued and its price reserved', async () => {
  const customer = await newCustomer(opened().database, { available: 1000n });
  const { job, isReplay } = await services.submitJob(aSubmission(customer));
  expect(isReplay).toBe(false);
  expect(job).toMatchObject({ state: 'queued', price, attempt: 0, accountId: customer.accountId });
  expect(await balanceOf(customer.accountId)).toEqual({ available: 1000n - price, held: price });
  await services.cancelJob(customer.accountId, job.id);
});

test('without enough credits nothing is left behind, neither job, queue entry, ledger entry, hold nor idempotency key', async () => {
  const customer = await newCustomer(opened().database, { available: price - 1n });
  const before = await traces(customer.accountId);
  const submission = aSubmission(customer, { idempotency: key('without credits') });
  await expect(services.submitJob(submission)).rejects.toMatchObject({
    code: 'insufficient_credits',
    message: expect.stringMatching(/credits.*0\.000005.*0\.000004/),
  });
  expect(await traces(customer.accountId)).toEqual(before);
  expect(await balanceOf(customer.accountId)).toEqual({ available: price - 1n, held: 0n });
});

test('when the queue refuses the job, the hold and the record are undone with it', async () => {
  const customer = await newCustomer(opened().database, { available: 1000n });
  const before = await traces(customer.accountId);
  const submission = aSubmission(customer, { request: { model: 'a-model-without-a-queue' } });
  await expect(services.submitJob(submission)).rejects.toThrow();
  expect(await traces(customer.accountId)).toEqual(before);
  expect(await balanceOf(customer.accountId)).toEqual({ available: 1000n, held: 0n });
  await expectSoundLedger(opened().database);
});

test('the same idempotency key and body gets the first job and is charged once', async () => {
  const customer = await newCustomer(opened().database, { available: 1000n });
  const submission = aSubmission(customer, { idempotency: key('once') });
  const all = await Promise.all(Array.from({ length: 8 }, () => services.submitJob(submission)));
  expect(new Set(all.map(({ job }) => job.id)).size).toBe(1);
  expect(all.filter(({ isReplay }) => !isReplay)).toHaveLength(1);
  expect(await balanceOf(customer.accountId)).toEqual({ available: 1000n - price, held: price });
  await services.cancelJob(customer.accountId, all[0]?.job.id ?? '');
});

test('the same idempotency key with another body is refused', async () => {
  const customer = await newCustomer(opened().database, { available: 1000n });
  const { job } = await services.submitJob(aSubmission(customer, { idempotency: key('mine') }));
  const other = aSubmission(customer, { idempotency: key('mine', 'another body') });
  await expect(services.submitJob(other)).rejects.toMatchObject({ code: 'idempotency_mismatch' });
  await services.cancelJob(customer.accountId, job.id);
});

test('an idempotency key starts anew after a cancelled job, and is of no concern to other accounts', async () => {
  const [first, second] = [
    await newCustomer(opened().database, { available: 1000n }),
    await newCustomer(opened().database, { available: 1000n }),
  ];
  const submit = async (customer: typeof first) =>
    (await services.submitJob(aSubmission(customer, { idempotency: key('again') }))).job.id;
  const cancelled = await submit(first);
  const foreign = await submit(second);
  await services.cancelJob(first.accountId, cancelled);
  const anew = await submit(first);
  expect(new Set([cancelled, foreign, anew]).size).toBe(3);
  await services.cancelJob(first.accountId, anew);
  await services.cancelJob(second.accountId, foreign);
});

test('a queued job that is cancelled is refunded at once, and cancelling it again changes nothing', async () => {
  const customer = await newCustomer(opened().database, { available: 1000n });
  const { job } = await services.submitJob(aSubmission(customer));
  const cancelled = await services.cancelJob(customer.accountId, job.id);
  expect(cancelled.state).toBe('cancelled');
  expect(await balanceOf(customer.accountId)).toEqual({ available: 1000n, held: 0n });
  expect(await services.cancelJob(customer.accountId, job.id)).toEqual(cancelled);
  expect(await balanceOf(customer.accountId)).toEqual({ available: 1000n, held: 0n });
  await expectSoundLedger(opened().database);
});

test('a full queue says when to come back', async () => {
  const customer = await newCustomer(opened().database, { available: 1000n });
  const small = await startJobServices({ ...opened(), folder: folder(), queueLength: 1 });
  const { job } = await small.submitJob(aSubmission(customer));
  await expect(small.submitJob(aSubmission(customer))).rejects.toMatchObject({
    code: 'overloaded',
    retryAfterSeconds: expect.any(Number),
  });
  expect(await balanceOf(customer.accountId)).toEqual({ available: 1000n - price, held: price });
  await small.cancelJob(customer.accountId, job.id);
  await small.stop();
});

test('a job that would take longer than the queue keeps a run is refused', async () => {
  const customer = await newCustomer(opened().database, { available: 1_000_000n });
  const { database } = services;
  const slow = { msPerStepMegapixel: 3_600_000, msPerImage: 0, runs: 1 };
  await database.transaction((transaction) =>
    saveSpeed(transaction, { model: 'demo', profile: 'exact', device: 'cpu' }, slow),
  );
  const long = aSubmission(customer, { request: { width: 1024, height: 1024, steps: 25 } });
  await expect(services.submitJob(long)).rejects.toMatchObject({
    code: 'invalid_request',
    message: expect.stringContaining('25.0 hours'),
  });
  await database.kysely.deleteFrom('device_speed').execute();
});

test('an account that is not there is refused', async () => {
  const nobody = { accountId: newId(), keyId: newId() };
  await expect(services.submitJob(aSubmission(nobody))).rejects.toMatchObject({ code: 'not_found' });
});

test.each([true, false])(
  'a submission whose commit was cut off, whether it was done (%s) or not, is one job under the id of its request',
  async (isDone) => {
    const customer = await newCustomer(opened().database, { available: 1000n });
    let cuts = 0;
    const cutting: Database = {
      ...services.database,
      async transaction(work) {
        const result = isDone || cuts > 0 ? await services.database.transaction(work) : undefined;
        cuts += 1;
        if (cuts === 1 || result === undefined) throw databaseLost(new Error('the connection was cut'));
        return result;
      },
    };
    const requestId = newId();
    const { job, isReplay } = await new JobSubmitter({ ...services.context, database: cutting }).submit(
      aSubmission(customer, { requestId }),
    );
    expect({ id: job.id, isReplay, cuts }).toEqual({ id: requestId, isReplay: false, cuts: 2 });
    expect(await traces(customer.accountId)).toMatchObject({ jobs: 1, entries: 2, holds: 1 });
    expect(await balanceOf(customer.accountId)).toEqual({ available: 1000n - price, held: price });
    await services.cancelJob(customer.accountId, job.id);
  },
);

test('whoever has the row of one account for long does not keep submissions of others waiting', async () => {
  const { database } = opened();
  const [busy, other] = [
    await newCustomer(database, { available: 1000n }),
    await newCustomer(database, { available: 1000n }),
  ];
  const release = Promise.withResolvers<void>();
  const locked = Promise.withResolvers<void>();
  const holding = database.transaction(async (queries) => {
    await queries.selectFrom('accounts').select('id').where('id', '=', busy.accountId).forUpdate().execute();
    locked.resolve();
    await release.promise;
  });
  await locked.promise;
  const waiting = Array.from({ length: 6 }, () => services.submitJob(aSubmission(busy)));
  for (let index = 0; index < 3; index++) {
    const { job } = await services.submitJob(aSubmission(other));
    await services.cancelJob(other.accountId, job.id);
  }
  expect(await traces(busy.accountId)).toMatchObject({ jobs: 0, holds: 0 });
  release.resolve();
  await holding;
  for (const { job } of await Promise.all(waiting)) await services.cancelJob(busy.accountId, job.id);
  expect(await balanceOf(busy.accountId)).toEqual({ available: 1000n, held: 0n });
});

test('of submissions that arrive together each is accepted or refused by itself, in their order', async () => {
  const customer = await newCustomer(opened().database, { available: 5n * price });
  const all = Array.from({ length: 12 }, (_, index) => {
    const request = index % 3 === 0 ? { samples: 4 } : {};
    return services.submitJob(aSubmission(customer, { request }));
  });
  const settled = await Promise.allSettled(all);
  const jobs = settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value.job] : []));
  const refusals = settled.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []));
  expect(refusals.every(({ code }) => code === 'insufficient_credits')).toBe(true);
  const held = jobs.reduce((sum, job) => sum + job.price, 0n);
  expect(await balanceOf(customer.accountId)).toEqual({ available: 5n * price - held, held });
  expect(5n * price - held).toBeLessThan(price);
  const starts = jobs.map(({ virtualStart }) => virtualStart);
  expect(new Set(starts).size).toBe(jobs.length);
  for (const { id } of jobs) await services.cancelJob(customer.accountId, id);
});
